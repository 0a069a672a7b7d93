import { timingSafeEqual } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import type { Clock } from '../../support/clock.ts';
import { messageOf, QuintupleoError } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import { onBehalfOf, RequestScope } from '../../support/request-scope.ts';
import type { ApiError, LabStatus } from '../api.ts';
import type { NodeSummary } from '../api-watch.ts';
import { watchAnswer, watchHead } from '../watch/watch-answer.ts';
import type { NodeWatch } from '../watch/watch-stream.ts';
import type { StaticFiles } from './static-files.ts';
import { cookieOf, isOurHost, isOwnOrigin, securityHeaders } from './web-guard.ts';
import type { WebLogins } from './web-logins.ts';
import { webRoutes } from './web-routes.ts';
import {
  reaches,
  type SessionAnswer,
  SessionShares,
  type WebRole,
  type WebSession,
  type WebSessions,
} from './web-sessions.ts';

/** What the dashboard's listener works with. */
export interface WebAppParts {
  /** The control API; all that it is asked here was allowed before. */
  readonly api: Hono;
  readonly sessions: WebSessions;
  readonly logins: WebLogins;
  readonly watch: NodeWatch;
  readonly files: StaticFiles;
  /** What reading the metrics needs; `undefined`: nothing. */
  readonly token: string | undefined;
  readonly tls: boolean;
  readonly cookie: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Most bytes of a request's body. */
const mostBody = 64 * 1024;

/** Most streams of what happens that one session may have open: a browser has one a window. */
const mostWatchers = 8;

/** How often it is looked whether the session of somebody who watches still is one. Milliseconds. */
export const sessionLook = 15_000;

const login = z.union([
  z.strictObject({ ticket: z.string().max(256) }),
  z.strictObject({ lab: z.string().max(256), user: z.string().max(64), password: z.string().max(256) }),
]);
const watchQuery = z.object({ after: z.coerce.number().int().min(0).optional() });

type Env = { Bindings: HttpBindings; Variables: { session: WebSession; role: WebRole } };

/** The dashboard's listener: its files, logging in and out, and as much of the control API as a session may use. */
export function webApp(parts: WebAppParts): Hono<Env> {
  const { api, sessions, logins, watch, files, token, tls, cookie, clock, log } = parts;
  const app = new Hono<Env>();
  const watchers = new SessionShares(mostWatchers);

  app.use(async (context, next) => {
    const { method } = context.req;
    const host = context.req.header('host');
    if (!isOurHost(host, tls)) return refusal(421, 'WRONG_HOST', 'no such host here');
    if (
      !['GET', 'HEAD'].includes(method) &&
      !isOwnOrigin({ host, origin: context.req.header('origin') }, tls)
    ) {
      return refusal(403, 'WRONG_ORIGIN', 'this request does not come from the dashboard');
    }
    await next();
    for (const [name, value] of Object.entries(securityHeaders)) context.res.headers.set(name, value);
    if (!context.res.headers.has('Cache-Control')) context.res.headers.set('Cache-Control', 'no-store');
    return undefined;
  });
  app.use(
    bodyLimit({
      maxSize: mostBody,
      onError: () => refusal(413, 'TOO_LARGE', 'the request is too large'),
    }),
  );

  app.post('/login', async context => {
    const user = logins.user(login.parse(await context.req.json()), remoteOf(context));
    closeSessionOf(context);
    const { session, token: secret } = sessions.open(user);
    setCookie(context, cookie, secret, { path: '/', httpOnly: true, sameSite: 'Strict', secure: tls });
    log.info({ user: user.name, lab: user.lab, from: remoteOf(context) }, 'logged in to the dashboard');
    return context.json(answerOf(session, user.role() ?? 'ReadOnly'));
  });
  app.post('/logout', withSession('ReadOnly'), context => {
    closeSessionOf(context);
    deleteCookie(context, cookie, { path: '/', httpOnly: true, sameSite: 'Strict', secure: tls });
    return context.body(null, 204);
  });
  app.get('/session', withSession('ReadOnly'), context =>
    context.json(answerOf(context.var.session, context.var.role)),
  );
  app.get('/labs-to-log-in', context => context.json(logins.labs()));
  app.get('/metrics', context =>
    token === undefined || isBearer(context.req.header('authorization'), token)
      ? api.fetch(new Request(new URL(`/v1/metrics${new URL(context.req.url).search}`, context.req.url)))
      : refusal(401, 'NOT_AUTHORIZED', 'metrics need the token', { 'WWW-Authenticate': 'Bearer' }),
  );

  app.get('/v1/nodes', withSession('ReadOnly'), async context => {
    const nodes = (await (await pass(context)).json()) as NodeSummary[];
    return context.json(nodes.filter(({ lab }) => context.var.session.labs?.has(lab) ?? true));
  });
  app.get('/v1/labs', withSession('ReadOnly'), async context => {
    const labs = (await (await pass(context)).json()) as LabStatus[];
    return context.json(labs.filter(({ name }) => context.var.session.labs?.has(name) ?? true));
  });
  app.get('/v1/daemon', withSession('ReadOnly'), context =>
    // It tells of the clouds of all labs.
    context.var.session.labs ? refusal(403, 'FORBIDDEN', 'this is not for users of one lab') : pass(context),
  );
  app.get('/v1/watch', withSession('ReadOnly'), context => {
    const { after } = watchQuery.parse(context.req.query());
    if (context.req.method === 'HEAD') return watchHead();
    const { session } = context.var;
    const giveBack = watchers.take(session);
    if (!giveBack) return refusal(503, 'TOO_MANY_WATCHERS', 'this session watches too often');
    const end = new AbortController();
    const { signal } = context.req.raw;
    const look = () => {
      if (signal.aborted) return;
      if (sessions.roleOf(session)) clock.after(sessionLook, look);
      else end.abort();
    };
    look();
    return watchAnswer(watch, { labs: session.labs, after }, AbortSignal.any([signal, end.signal]), giveBack);
  });
  for (const { method, path, role } of webRoutes) app.on(method, path, withSession(role), pass);

  app.all('/v1/*', () => refusal(404, 'NOT_FOUND', 'there is no such thing here'));
  app.get('*', context => files.answer(context.req.path, context.req.header('accept-encoding') ?? ''));
  app.notFound(() => refusal(404, 'NOT_FOUND', 'there is no such thing here'));
  app.onError(error => {
    if (error instanceof z.ZodError || error instanceof SyntaxError) {
      return refusal(400, 'BAD_REQUEST', 'this is not how it is asked for');
    }
    if (error instanceof QuintupleoError) {
      const status = error.code === 'TOO_MANY_LOGINS' ? 503 : 401;
      return refusal(status, error.code, error.message, status === 503 ? { 'Retry-After': '15' } : {});
    }
    log.error({ error: messageOf(error) }, 'a request to the dashboard failed');
    return refusal(500, 'INTERNAL', 'failed');
  });

  /** Lets through whose session has a role and, of what changes something, its token. */
  function withSession(role: WebRole) {
    return async (context: Context<Env>, next: () => Promise<void>) => {
      const secret = cookieOf(context.req.header('cookie'), cookie);
      const found = secret === undefined ? undefined : sessions.find(secret);
      if (!found) return refusal(401, 'NOT_LOGGED_IN', 'nobody is logged in');
      const { session } = found;
      if (context.req.method !== 'GET' && !sessions.isCsrf(session, context.req.header('x-csrf-token'))) {
        return refusal(403, 'WRONG_TOKEN', 'the X-CSRF-Token is not the one of this session');
      }
      const lab = context.req.param('lab');
      // As a lab that there is not: what others have is nobody's business.
      if (lab !== undefined && session.labs?.has(lab) === false) {
        return refusal(404, 'LAB_NOT_FOUND', `there is no lab ${lab}`);
      }
      if (!reaches(found.role, role)) return refusal(403, 'FORBIDDEN', `this needs the role ${role}`);
      context.set('session', session);
      context.set('role', found.role);
      return next();
    };
  }

  /** Lets the control API answer, on behalf of the session's user. */
  async function pass(context: Context<Env>): Promise<Response> {
    const { method, path, raw } = context.req;
    const { name } = context.var.session.user;
    const scope = new RequestScope(() => ({
      face: 'dashboard',
      name: `${method} ${path}`,
      by: `${name} from ${remoteOf(context)}`,
    }));
    const answer = await onBehalfOf(scope, () => api.fetch(raw));
    return new Response(answer.body, answer);
  }

  function closeSessionOf(context: Context<Env>): void {
    const secret = cookieOf(context.req.header('cookie'), cookie);
    if (secret !== undefined) sessions.close(secret);
  }

  return app;
}

function isBearer(authorization: string | undefined, token: string): boolean {
  const given = Buffer.from(authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function answerOf({ user, labs, csrf }: WebSession, role: WebRole): SessionAnswer {
  return { name: user.name, role, labs: labs ? [...labs] : 'all', csrf } satisfies SessionAnswer;
}

function remoteOf(context: Context<Env>): string {
  return context.env.incoming?.socket.remoteAddress ?? 'an unknown address';
}

function refusal(
  status: 400 | 401 | 403 | 404 | 413 | 421 | 500 | 503,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const error: ApiError = { code, message, remedy: undefined, family: status === 500 ? 'bug' : 'user' };
  return Response.json(error, { status, headers });
}
