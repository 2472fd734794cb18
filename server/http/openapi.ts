/** The OpenAPI 3.1 document, made of the table of operations and the schemas. */
import { SCHEMAS } from './api-schemas.ts';
import { OPERATIONS, type Operation, PATH_PARAMETERS, QUERY } from './operations.ts';
import { ref, type Schema } from './schema.ts';

export interface OpenApi {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly security: readonly Record<string, readonly string[]>[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

export interface OpenApiOperation {
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
  readonly security?: readonly never[];
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly description: string;
  readonly schema: Schema;
}

const DESCRIPTION = `Captures of a failover in, what became of every flow out.

Only a server that others than its own machine can reach asks for a token. What changes anything must not come
from another site's page. Times are decimal strings of nanoseconds since the epoch.`;

const REFUSED = { 'application/json': { schema: ref('ApiError') } };

export const openApi: OpenApi = {
  openapi: '3.1.0',
  info: { title: 'Stallscope', version: '1', description: DESCRIPTION },
  servers: [{ url: '/' }],
  security: [{}, { bearer: [] }, { cookie: [] }],
  paths: pathsOf(OPERATIONS),
  components: {
    schemas: SCHEMAS,
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer' },
      cookie: {
        type: 'apiKey',
        in: 'cookie',
        name: 'stallscope-<port>',
        description: 'Set by opening /?token=TOKEN in a browser.',
      },
    },
  },
};

function pathsOf(operations: Readonly<Record<string, Operation>>): OpenApi['paths'] {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const [key, operation] of Object.entries(operations)) {
    const [method = '', route = ''] = key.split(' ');
    const path = route.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(route, operation) };
  }
  return paths;
}

function describe(route: string, operation: Operation): OpenApiOperation {
  const { summary, body } = operation;
  return {
    summary,
    parameters: parametersOf(route, operation),
    ...(body !== undefined && { requestBody: bodyOf(body) }),
    responses: responsesOf(operation),
    ...(route === '/healthz' && { security: [] }),
  };
}

function parametersOf(route: string, { query = [] }: Operation): Parameter[] {
  const names = [...route.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
  const inPath = names.map((name): Parameter => {
    const isNumber = name === 'resolution' || name === 'index' || name === 'frame';
    const schema: Schema = { type: isNumber ? 'integer' : 'string' };
    return { name, in: 'path', required: true, description: PATH_PARAMETERS[name] ?? '', schema };
  });
  const inQuery = query.map((name): Parameter => {
    const { schema, what } = QUERY[name];
    return { name, in: 'query', required: false, description: what, schema };
  });
  return [...inPath, ...inQuery];
}

function bodyOf(body: NonNullable<Operation['body']>): NonNullable<OpenApiOperation['requestBody']> {
  if (body === 'bytes') return { required: true, content: { 'application/octet-stream': {} } };
  return { required: body.required, content: { 'application/json': { schema: body.schema } } };
}

function responsesOf({
  status,
  answer,
  errors = {},
  answersToo = [],
}: Operation): OpenApiOperation['responses'] {
  const description = answer.kind === 'other' ? answer.what : 'As asked.';
  const content: Content | undefined =
    answer.kind === 'json'
      ? { 'application/json': { schema: answer.schema } }
      : answer.kind === 'other'
        ? { [answer.type]: {} }
        : undefined;
  const others = Object.entries(errors).map(([code, what]) => {
    // 304 has no body.
    const said = code === '304' ? undefined : answersToo.includes(Number(code)) ? content : REFUSED;
    return [code, { description: what, ...(said !== undefined && { content: said }) }];
  });
  return {
    [status]: { description, ...(content !== undefined && { content }) },
    ...Object.fromEntries(others),
    default: { description: 'What is wrong, and where it helps, what to do.', content: REFUSED },
  };
}
