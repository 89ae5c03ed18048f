/** The OpenAPI 3.1 document of an app, from the schemas of its flows. Same app, same text. */
import type { App } from '../../app.ts'
import type { AnyFlow } from '../../flow.ts'
import type { HttpTrigger } from '../../trigger.ts'
import { httpRoutes } from '../route.ts'
import { Components, type Json } from './components.ts'
import { headerParameters, inputOf, parameters, requestBody } from './request.ts'
import { responses } from './responses.ts'

export interface OpenApiOptions {
  /** Where the app is served. Default: relative to the document. */
  readonly serverUrl?: string
}

/** A complete document; JSON only. */
export function openApi(app: App, { serverUrl }: OpenApiOptions = {}): Json {
  const { license, securitySchemes, security } = app.openapi
  const components = new Components()
  const paths: Record<string, Record<string, Json>> = {}
  for (const { flow, trigger } of httpRoutes(app)) {
    const path = trigger.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][trigger.method.toLowerCase()] = operation(
      flow,
      trigger,
      components,
      securitySchemes !== undefined,
    )
  }
  return {
    openapi: '3.1.0',
    info: {
      title: app.name,
      version: app.version,
      description: app.summary ?? `The flows of ${app.name}, served by Flowport.`,
      ...(license === undefined ? {} : { license: { ...license } }),
    },
    servers: [{ url: serverUrl ?? '/' }],
    tags: tagsOf(app).map((name) => ({ name, description: `Flows tagged ${name}` })),
    paths,
    components: {
      schemas: components.schemas(),
      ...(securitySchemes === undefined ? {} : { securitySchemes: securitySchemes as Json }),
    },
    ...(security === undefined ? {} : { security }),
  }
}

function tagsOf({ flows }: App): readonly string[] {
  return [...new Set(flows.flatMap(({ tags }) => tags))].sort()
}

function operation(flow: AnyFlow, trigger: HttpTrigger, components: Components, isSecured: boolean): Json {
  const input = inputOf(trigger)
  const owner = flow.name
  return {
    operationId: flow.name,
    summary: flow.summary ?? flow.name,
    description: flow.summary ?? `Runs the flow ${flow.name} ${flow.version}.`,
    tags: flow.tags.length === 0 ? [] : [...flow.tags],
    parameters: [...parameters(input, owner, components), ...headerParameters(flow, trigger)],
    ...(trigger.body === null ? {} : { requestBody: requestBody(trigger.body, input, owner, components) }),
    responses: responses(flow, trigger, components, isSecured),
  }
}
