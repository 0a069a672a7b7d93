import { QuintupleoError } from '../../support/errors.ts';

/** What VirtualBMC keeps of one BMC: options by their names. */
export type VbmcConfig = Readonly<Record<string, string>>;

/**
 * Reads a `config` file of VirtualBMC: the section `VirtualBMC` of what Python's configparser writes.
 * @param name - the file's name, for messages
 * @throws QuintupleoError `VBMC_CONFIG_INVALID`
 */
export function readVbmcConfig(text: string, name: string): VbmcConfig {
  const options: Record<string, string> = {};
  let section = '';
  for (const line of text.split('\n')) {
    const heading = /^\[(.+)\]\s*$/.exec(line)?.[1];
    const [, key, value] = /^([^\s#;=:][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (heading !== undefined) section = heading;
    else if (section === 'VirtualBMC' && key !== undefined && value !== undefined) {
      // A percent sign is doubled there.
      options[key.toLowerCase()] = value.replaceAll('%%', '%');
    }
  }
  if (options.domain_name !== undefined && Number(options.port) > 0) return options;
  throw new QuintupleoError(`${name} is not of VirtualBMC: it names no domain and port`, {
    family: 'config',
    code: 'VBMC_CONFIG_INVALID',
    remedy: 'Give the folder in which VirtualBMC keeps its BMCs, usually ~/.vbmc.',
  });
}
