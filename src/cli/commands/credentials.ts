import { Command } from 'commander';
import { type Cli, type GlobalOptions, print, printJson, usageError } from '../cli.ts';
import { findLab, findNode } from '../find-node.ts';
import { table } from '../table.ts';
import { withClient } from '../with-client.ts';

interface Options extends GlobalOptions {
  readonly password?: boolean;
  readonly user?: string;
  readonly service?: boolean;
}

/** `quintupleo credentials`: the logins of BMCs. The only command that shows secrets. */
export function credentialsCommand(cli: Cli): Command {
  return new Command('credentials')
    .summary('show the logins of BMCs')
    .description(
      'Shows the logins of BMCs, by IPMI and Redfish, and of the Redfish service that shows all nodes of the lab. ' +
        'No other command, log or file for reading shows a password.',
    )
    .argument('[what]', 'a lab, or one node as LAB/NODE; may be left away when there is only one lab')
    .option('--password', 'print one password and nothing else')
    .option('--user <name>', 'only this user; default with --password: the first one')
    .option('--service', 'only those of the Redfish service that shows all nodes')
    .addHelpText(
      'after',
      '\nExamples:\n  quintupleo credentials pair\n  export IPMI_PASSWORD="$(quintupleo credentials pair/node-0 --password)"\n  quintupleo credentials pair --service --password',
    )
    .action(async (what: string | undefined, _own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const logins = (await readLogins(cli, what, options)).filter(
        login => options.user === undefined || login.user === options.user,
      );
      const [first] = logins;
      if (options.user !== undefined && !first) {
        throw usageError(`nobody is called ${options.user} there`, 'Leave --user away to see who there is.');
      }
      if (options.password) {
        if (!first || logins.some(login => login.node !== first.node)) {
          throw usageError('--password is for one node', 'Name it as LAB/NODE, or say --service.');
        }
        print(cli, first.password);
      } else if (options.json) {
        printJson(cli, logins);
      } else {
        const rows = logins.map(({ node, bmc, redfish, user, password, privilege }) => [
          node ?? 'all',
          bmc ?? redfish ?? '',
          user,
          password,
          privilege,
        ]);
        for (const line of table(['NODE', 'BMC', 'USER', 'PASSWORD', 'PRIVILEGE'], rows)) print(cli, line);
      }
    });
}

interface Login {
  readonly lab: string;
  /** `null`: the Redfish service that shows all nodes. */
  readonly node: string | null;
  /** `ADDRESS:PORT` of its IPMI face. */
  readonly bmc: string | null;
  /** URL of its Redfish service; `null`: it has none. */
  readonly redfish: string | null;
  readonly user: string;
  readonly password: string;
  readonly privilege: string;
}

function readLogins(cli: Cli, what: string | undefined, options: Options): Promise<readonly Login[]> {
  return withClient(cli, async client => {
    const labs = await client.labs();
    const isNode = what !== undefined && !labs.some(lab => lab.name === what) && labs.length > 0;
    const node = isNode ? findNode(labs, what, options.lab) : undefined;
    const lab = findLab(labs, node?.lab ?? what ?? options.lab);
    const { nodes, redfish = [] } = await client.credentials(lab.name);
    const ofNodes = (node ? [node] : lab.nodes).flatMap(({ name, bmc }) =>
      (nodes[name] ?? []).map(({ name: user, password, privilege }) => ({
        ...{
          lab: lab.name,
          node: name,
          bmc: `${bmc.address}:${bmc.port}`,
          redfish: bmc.redfish?.url ?? null,
        },
        ...{ user, password, privilege },
      })),
    );
    const ofService = redfish.map(({ name: user, password, privilege }) => ({
      ...{ lab: lab.name, node: null, bmc: null, redfish: lab.redfish?.url ?? null },
      ...{ user, password, privilege },
    }));
    if (options.service) return ofService;
    // Who asks for a password means a node's.
    return node || options.password ? ofNodes : [...ofNodes, ...ofService];
  });
}
