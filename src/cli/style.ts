import type { Cli, Output } from './cli.ts';

const escapes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

/** Dresses text up for a terminal, or leaves it alone. */
export type Style = Readonly<Record<keyof typeof escapes, (text: string) => string>>;

/**
 * The style for a stream: plain when it is no terminal or the user wants none.
 * @see https://no-color.org
 */
export function styleFor(cli: Cli, stream: Output = cli.out): Style {
  const colours = stream.isTTY === true && !cli.env.NO_COLOR && cli.env.TERM !== 'dumb';
  const dress = (name: keyof typeof escapes) => (text: string) => {
    const [on, off] = escapes[name];
    return colours ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  };
  return {
    bold: dress('bold'),
    dim: dress('dim'),
    red: dress('red'),
    green: dress('green'),
    yellow: dress('yellow'),
  };
}
