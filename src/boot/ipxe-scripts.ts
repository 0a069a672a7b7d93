/** A MAC address as the project spells it: lower case, colons. */
export function parseMac(text: string): string | undefined {
  return /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text)
    ? text.toLowerCase().replaceAll('-', ':')
    : undefined;
}

/**
 * The base URL under which a client reached this server, from its Host header: each network knows the server
 * by another address.
 * @returns `undefined` for a header that is not a host and a port
 */
export function baseUrl(host: string | undefined): string | undefined {
  if (!host || host.length > 100) return undefined;
  return /^([a-z0-9][a-z0-9.-]*|\[[0-9a-f:.]+(%25[a-z0-9.-]+)?\])(:\d{1,5})?$/i.test(host)
    ? `http://${host}`
    : undefined;
}

/** What every netbooting node is told first: to ask for its own script. */
export function entryScript(base: string): string {
  return script([
    // netX is the card that was used last: the one that netbooted.
    `chain --replace --timeout 20000 ${base}/boot/\${netX/mac:hexhyp} ||`,
    `echo quintupleo: ${base} does not know \${netX/mac}, or does not answer`,
    ...nextDevice,
  ]);
}

/** For a node that shall not do anything here. */
export function localBootScript(node: string): string {
  return script([
    `echo quintupleo: nothing to deploy on ${node}, trying its next boot device`,
    ...nextDevice,
  ]);
}

/**
 * For a node that shall run the deploy ramdisk.
 * @param files - URL of the folder that holds kernel and ramdisk
 */
export function deployScript(node: string, files: string, kernelArguments: string): string {
  return script([
    `echo quintupleo: deploying ${node}`,
    // A UEFI kernel finds its ramdisk by the name that its command line tells.
    `kernel ${files}/vmlinuz initrd=initrd ${kernelArguments} || goto failed`,
    `initrd --name initrd ${files}/initrd || goto failed`,
    'boot || goto failed',
    ':failed',
    `echo quintupleo: the deploy ramdisk of ${node} could not be started`,
    ...nextDevice,
  ]);
}

// UEFI goes on to the next boot option only after a failure; to a BIOS it is the same.
const nextDevice = ['sleep 3', 'exit 1'];

/** An iPXE script of these lines. */
export function script(lines: readonly string[]): string {
  return `${['#!ipxe', ...lines].join('\n')}\n`;
}
