import { expect, test } from 'vitest';
import { createFixture } from '../fixture.ts';

const path = '/redfish/v1/TelemetryService';

test('every definition and report that is listed is there', async () => {
  const { ask } = await createFixture();
  const service = await ask('GET', path);
  for (const name of ['MetricDefinitions', 'MetricReportDefinitions', 'MetricReports']) {
    const collection = await ask('GET', String(service.at(`/${name}/@odata.id`)));
    const members = collection.at('/Members') as unknown as readonly { '@odata.id': string }[];
    expect(members.length).toBeGreaterThan(0);
    for (const member of members) expect((await ask('GET', member['@odata.id'])).status).toBe(200);
  }
  expect((await ask('GET', `${path}/MetricReports/nobody`)).status).toBe(404);
});

test('a report has the readings of its node as they are now, each where its sensor tells it too', async () => {
  const { ask, power } = await createFixture();
  const report = async () => {
    const body = await ask('GET', `${path}/MetricReports/n1`);
    return body.at('/MetricValues') as unknown as readonly {
      MetricId: string;
      MetricValue: string | null;
      MetricProperty: string;
    }[];
  };
  expect((await report()).find(({ MetricId }) => MetricId === 'SystemFan')?.MetricValue).toBeNull();
  await power('n1', 'on');
  for (const { MetricProperty, MetricValue } of await report()) {
    const [uri = '', pointer = ''] = MetricProperty.split('#');
    expect(String((await ask('GET', uri)).at(pointer))).toBe(MetricValue);
  }
});
