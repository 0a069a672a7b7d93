import { z } from 'zod';
import { action, done, link, type ServiceAt, serviceResource, writing } from '../resource.ts';

const path = '/redfish/v1/TaskService';

/** @see schema TaskService */
export const taskService = serviceResource({
  path,
  schema: 'TaskService',
  read: ({ service }) => ({
    Id: 'TaskService',
    Name: 'Task Service',
    ServiceEnabled: true,
    Status: { State: 'Enabled', Health: 'OK' },
    CompletedTaskOverWritePolicy: 'Oldest',
    LifeCycleEventOnTaskStateChange: true,
    TaskAutoDeleteTimeoutMinutes: service.settings.value.taskAutoDelete,
    Tasks: link(`${path}/Tasks`),
  }),
  patch: writing(
    z.strictObject({ TaskAutoDeleteTimeoutMinutes: z.int().min(1).max(10_080).optional() }),
    async ({ service }: ServiceAt, { TaskAutoDeleteTimeoutMinutes: minutes }) => {
      if (minutes !== undefined) await service.settings.change({ taskAutoDelete: minutes });
      return done;
    },
  ),
  actions: {
    'TaskService.DeleteAllCompletedTasks': action(z.strictObject({}), async ({ service }: ServiceAt) => {
      for (const { id, endedAt } of service.tasks.all) {
        if (endedAt !== undefined) service.tasks.remove(id);
      }
      return done;
    }),
  },
});
