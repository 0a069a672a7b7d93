import type { Environment } from './environment.ts';
import { type Fate, parameters, registry } from './parameters.ts';

/** A value of an environment that is in the lab file. */
export interface Mapped {
  /** The environment that says it: `base`, or the name of a role. */
  readonly environment: string;
  readonly parameter: string;
  readonly value: unknown;
  /** Where it went: `nodes[0].flavor`. */
  readonly to: string;
}

/** A value of an environment that is not in the lab file. */
export interface NotMapped {
  readonly environment: string;
  readonly parameter: string;
  readonly why: string;
}

/** Reads an environment's parameters and keeps book of where each went. */
export class Ledger {
  readonly mapped: Mapped[] = [];
  readonly #name: string;
  readonly #environment: Environment;
  readonly #own: Environment;
  readonly #ignored: readonly string[];

  /**
   * @param name - `base`, or the name of a role
   * @param own - what the environment says itself; the rest it has from another
   * @param ignored - what of that `ovb-deploy` does not heed
   */
  constructor(
    name: string,
    environment: Environment,
    own: Environment = environment,
    ignored: readonly string[] = [],
  ) {
    this.#name = name;
    this.#environment = environment;
    this.#own = own;
    this.#ignored = ignored;
  }

  /** A parameter's value as text; `usual` where the environment does not say. */
  text(parameter: string, usual: string, ...to: readonly string[]): string {
    const value = this.value(parameter, ...to);
    return value === undefined || value === null || value === '' ? usual : String(value);
  }

  /** A parameter's value as a number. */
  number(parameter: string, usual: number, ...to: readonly string[]): number {
    const value = Number(this.value(parameter, ...to) ?? usual);
    return Number.isFinite(value) ? value : usual;
  }

  /** A parameter's value as a list: Heat takes JSON, and texts with commas, for one. */
  list(parameter: string, usual: readonly unknown[], ...to: readonly string[]): readonly unknown[] {
    const value = this.value(parameter, ...to);
    if (typeof value !== 'string') return Array.isArray(value) ? value : usual;
    try {
      const parsed: unknown = JSON.parse(value);
      if (Array.isArray(parsed)) return parsed;
    } catch {
      // Not JSON, so commas.
    }
    return value.split(',').map(part => part.trim());
  }

  /** A parameter's value as it stands; notes where it goes. */
  value(parameter: string, ...to: readonly string[]): unknown {
    const value = this.#environment.parameters[parameter];
    if (value !== undefined) this.#note(parameter, value, to);
    return value;
  }

  /** What stands for a resource type; `usual` where the environment does not say. */
  resource(type: string, usual: string, ...to: readonly string[]): string {
    const target = this.#environment.registry[type];
    if (target !== undefined) this.#note(type, target, to);
    return target ?? usual;
  }

  /** What the environment says and nothing of it is in the lab file. */
  notMapped(): readonly NotMapped[] {
    const used = new Set(this.mapped.map(({ parameter }) => parameter));
    const why = (parameter: string, fate: Fate | undefined, unknown: string): string => {
      if (this.#ignored.includes(parameter)) return 'ovb-deploy does not heed it in a role';
      if (fate === undefined) return unknown;
      if ('why' in fate) return fate.why;
      return fate.otherwise ?? 'the environments that were given do not use it';
    };
    const rows = (given: object, known: Readonly<Record<string, Fate>>, unknown: string) =>
      Object.keys(given)
        .filter(parameter => this.#ignored.includes(parameter) || !used.has(parameter))
        .map(parameter => ({
          environment: this.#name,
          parameter,
          why: why(parameter, Object.hasOwn(known, parameter) ? known[parameter] : undefined, unknown),
        }));
    return [
      ...rows(this.#own.parameters, parameters, "not a parameter of OVB's templates"),
      ...rows(this.#own.registry, registry, "not a resource type of OVB's templates"),
      ...this.#own.sections.map(parameter => ({
        environment: this.#name,
        parameter,
        why: 'only parameters, parameter_defaults and resource_registry are read',
      })),
    ];
  }

  #note(parameter: string, value: unknown, to: readonly string[]): void {
    const own = parameter in this.#own.parameters || parameter in this.#own.registry;
    if (!own || this.#ignored.includes(parameter)) return;
    for (const place of to) {
      this.mapped.push({ environment: this.#name, parameter, value, to: place });
    }
  }
}
