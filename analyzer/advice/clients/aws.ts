/** The AWS SDKs: boto3, JavaScript v3, Java v2, Go v2. */
import { type Client, probes, type Source, whole } from './client.ts';
import { nodeHttp } from './node.ts';

const BOTO: Source = {
  title: 'botocore reference, Config',
  url: 'https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html',
};
const JS: Source = {
  title: 'AWS SDK for JavaScript v3, NodeHttpHandlerOptions',
  url: 'https://docs.aws.amazon.com/AWSJavaScriptSDK/v3/latest/Package/-smithy-node-http-handler/Interface/NodeHttpHandlerOptions/',
};
const JAVA: Source = {
  title: 'AWS SDK for Java 2.x developer guide, Configure timeouts',
  url: 'https://docs.aws.amazon.com/sdk-for-java/latest/developer-guide/timeouts.html',
};
const GO_HTTP: Source = {
  title: 'AWS SDK for Go v2 developer guide, Customize the HTTP client',
  url: 'https://docs.aws.amazon.com/sdk-for-go/v2/developer-guide/configure-http.html',
};
const RETRIES: Source = {
  title: 'AWS SDKs and Tools reference guide, Retry behavior',
  url: 'https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html',
};

export const boto3: Client = {
  id: 'boto3',
  title: 'AWS SDK for Python (boto3)',
  version: '1.x',
  timers: [
    {
      name: 'read_timeout',
      measures: 'idle',
      firesAfter: 60,
      byDefault: '60 s',
      bounds: true,
      set: whole((seconds) => `Config(read_timeout=${seconds})`),
      source: BOTO,
    },
    {
      name: 'connect_timeout',
      measures: 'connect',
      firesAfter: 60,
      byDefault: '60 s',
      bounds: true,
      set: whole((seconds) => `Config(connect_timeout=${seconds})`),
      source: BOTO,
    },
  ],
  retry: {
    byDefault: '4 more tries (legacy mode), 2 in standard mode; not while a body is read',
    set: ({ attempts }) => `Config(retries={'mode': 'standard', 'total_max_attempts': ${attempts}})`,
    source: {
      title: 'Boto3 documentation, Retries',
      url: 'https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html',
    },
  },
  notes: ['Keep-alive probes are off (tcp_keepalive=False).'],
};

export const awsJs: Client = {
  id: 'aws-js',
  title: 'AWS SDK for JavaScript v3 (Node.js)',
  version: '3.910 and later',
  timers: [
    {
      ...nodeHttp.timers[0]!,
      byDefault:
        'those of its agent, which is Node.js http: after 1 s, then every second, 10 without an answer',
    },
    {
      name: 'requestTimeout',
      measures: 'total',
      firesAfter: null,
      byDefault: '0: none',
      bounds: true,
      set: whole(
        (seconds) => `requestHandler: { requestTimeout: ${seconds}000, throwOnRequestTimeout: true }`,
      ),
      source: JS,
    },
    {
      name: 'connectionTimeout',
      measures: 'connect',
      firesAfter: null,
      byDefault: '0: none',
      bounds: true,
      set: whole((seconds) => `requestHandler: { connectionTimeout: ${seconds}000 }`),
      source: JS,
    },
  ],
  retry: {
    byDefault: '3 attempts',
    set: ({ attempts }) => `maxAttempts: ${attempts}`,
    source: RETRIES,
  },
  notes: [
    'Without throwOnRequestTimeout newer versions only warn when requestTimeout is over.',
    'That it gives up after 11 s follows from its agent; Node.js http was measured, the SDK was not.',
  ],
};

export const awsJava: Client = {
  id: 'aws-java',
  title: 'AWS SDK for Java v2 (Apache HTTP client)',
  version: '2.x',
  timers: [
    {
      name: 'socketTimeout',
      measures: 'idle',
      firesAfter: 30,
      byDefault: '30 s',
      bounds: true,
      set: whole((seconds) => `ApacheHttpClient.builder().socketTimeout(Duration.ofSeconds(${seconds}))`),
      source: JAVA,
    },
    {
      name: 'apiCallAttemptTimeout',
      measures: 'total',
      firesAfter: null,
      byDefault: 'none',
      bounds: false,
      set: whole((seconds) => `apiCallAttemptTimeout(Duration.ofSeconds(${seconds}))`),
      source: JAVA,
    },
    {
      name: 'connectionTimeout',
      measures: 'connect',
      firesAfter: 2,
      byDefault: '2 s',
      bounds: true,
      set: whole((seconds) => `ApacheHttpClient.builder().connectionTimeout(Duration.ofSeconds(${seconds}))`),
      source: JAVA,
    },
  ],
  retry: {
    byDefault: '3 more tries (legacy mode), 2 in standard mode',
    set: ({ attempts }) =>
      `overrideConfiguration(o -> o.retryStrategy(AwsRetryStrategy.standardRetryStrategy().toBuilder().maxAttempts(${attempts}).build()))`,
    source: RETRIES,
  },
  notes: ['Keep-alive probes are off (tcpKeepAlive).'],
};

export const awsGo: Client = {
  id: 'aws-go',
  title: 'AWS SDK for Go v2',
  version: '1.30 and later of its module',
  timers: [
    {
      name: 'WithTimeout',
      measures: 'total',
      firesAfter: null,
      byDefault: 'none',
      bounds: true,
      set: whole((seconds) => `awshttp.NewBuildableClient().WithTimeout(${seconds} * time.Second)`),
      source: GO_HTTP,
    },
    {
      name: 'Dialer.KeepAlive',
      measures: 'keepalive',
      firesAfter: 300,
      firstProbe: 30,
      lastProbe: 270,
      byDefault: 'first probe after 30 s, then every 30 s, 9 without an answer',
      bounds: false,
      set: probes(9, (each) => `WithDialerOptions(… d.KeepAlive = ${each} * time.Second)`),
      source: GO_HTTP,
    },
    {
      name: 'Dialer.Timeout',
      measures: 'connect',
      firesAfter: 30,
      byDefault: '30 s',
      bounds: true,
      set: whole((seconds) => `WithDialerOptions(… d.Timeout = ${seconds} * time.Second)`),
      source: GO_HTTP,
    },
  ],
  retry: {
    byDefault: '3 attempts, at most 20 s apart',
    set: ({ attempts }) => `config.WithRetryMaxAttempts(${attempts})`,
    source: {
      title: 'AWS SDK for Go v2 developer guide, Retries and timeouts',
      url: 'https://docs.aws.amazon.com/sdk-for-go/v2/developer-guide/configure-retries-timeouts.html',
    },
  },
  notes: ['WithTimeout includes the body.'],
};
