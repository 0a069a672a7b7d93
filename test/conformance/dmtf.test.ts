import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConformanceLab, type ServiceName, startConformanceLab } from './lab.ts';
import { runValidator, type Validator } from './validators.ts';

/** What DMTF's validators say of the services, with nodes that are on, off and in transition. */

const checkouts = process.env.QUINTUPLEO_DMTF ?? '';
const profiles = (process.env.QUINTUPLEO_INTEROP_PROFILES ?? '').split(':').filter(profile => profile !== '');
const reports = process.env.QUINTUPLEO_REPORTS ?? join(tmpdir(), 'quintupleo-conformance');

let lab: ConformanceLab;

beforeAll(async () => {
  if (checkouts === '') throw new Error('QUINTUPLEO_DMTF names no folder: run scripts/test-conformance');
  await mkdir(reports, { recursive: true });
  lab = await startConformanceLab();
});

afterAll(() => lab?.[Symbol.asyncDispose]());

const services: readonly ServiceName[] = [
  'all nodes',
  'a node that is on',
  'a node that is off',
  'a node that never rests',
];

describe.each(services)('the service of %s', service => {
  const folder = join(reports, service.replaceAll(' ', '-'));
  const check = async (validator: Validator, profile?: string) => {
    const name = join(folder, validator.replaceAll(' ', '-'));
    const verdict = await runValidator(validator, lab.subject(service), {
      checkouts,
      reports: name,
      profile,
    });
    console.info(`${validator}, ${service}: ${verdict.passed} passed, ${verdict.failed} failed; ${name}`);
    expect(verdict.failed, verdict.output.slice(-4_000)).toBe(0);
    expect(verdict.passed).toBeGreaterThan(10);
  };

  test('Service Validator', () => check('service'));
  // They switch a node on and off, and somebody else must not do so meanwhile.
  const ours = service !== 'a node that never rests';
  test.runIf(ours)('Use Case Checkers', () => check('use cases'));
  test.each(profiles)('Interop Validator: %s', profile => check('interop', profile));
  test.runIf(ours)('Protocol Validator', () => check('protocol'));
});
