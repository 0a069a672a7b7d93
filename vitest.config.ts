import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/acceptance/**', 'test/conformance/**'],
        },
      },
      {
        test: {
          name: 'acceptance',
          include: ['test/acceptance/**/*.test.ts'],
          exclude: [
            'test/acceptance/openstack/**',
            'test/acceptance/ironic/**',
            'test/acceptance/scale/**',
            'test/acceptance/**/browser.test.ts',
          ],
          // Real machines under software emulation: minutes, one at a time.
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // scripts/test-openstack brings the cloud up.
          name: 'openstack',
          include: ['test/acceptance/openstack/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // scripts/test-ironic makes what is deployed, and the network namespace.
          name: 'ironic',
          include: ['test/acceptance/ironic/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // Half an hour with a real Ironic and a thousand nodes.
          name: 'scale',
          include: ['test/acceptance/scale/**/*.test.ts'],
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // Needs Chromium, which is a large thing to have for a test.
          name: 'browser',
          include: ['test/acceptance/**/browser.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // scripts/test-conformance says where the validators are.
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
});
