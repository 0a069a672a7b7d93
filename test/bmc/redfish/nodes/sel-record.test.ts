import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { selProperties } from '../../../../src/bmc/redfish/nodes/sel-record.ts';
import { problemsOf } from '../validate.ts';

test('whatever record a client has added, there is a log entry for it', async () => {
  await fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), record => {
      const entry = {
        '@odata.id': '/redfish/v1/Systems/n1/LogServices/EventLog/Entries/1',
        '@odata.type': '#LogEntry.v1_21_0.LogEntry',
        Id: '1',
        Name: 'Log Entry 1',
        ...selProperties([...record]),
      };
      expect(problemsOf(entry)).toEqual([]);
    }),
  );
});
