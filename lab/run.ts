/**
 * One run of a scenario, from empty namespaces to the diagnosis beside the truth.
 * The trap: what ends must end in this order. Captures first, so that they show no client that the lab ended;
 * then clients, nodes, namespaces; and the run's folder last, after the results have their final name.
 */
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Report } from '../analyzer/index.ts';
import type { GatewayError } from '../gateway/linux/forwarder.ts';
import { act } from './actions.ts';
import { type NodeName, serverAddress } from './addresses.ts';
import { type CaptureFile, Captures } from './captures.ts';
import { type Certificates, certificateFiles } from './certificates.ts';
import { type ClientHome, type ClientResult, ClientRun } from './client-run.ts';
import { agreesOnFailover, compareFlows, diagnoseRun, type FlowVerdict } from './diagnosis.ts';
import { GatewayNode } from './gateway-node.ts';
import { nodeConfig } from './node-config.ts';
import type { ServerPlan } from './programs.ts';
import {
  createPartialOutput,
  createRunFolder,
  namespaceOf,
  partialSuffix,
  type RunFolder,
  removeRunFolder,
} from './run-folder.ts';
import type { Scenario } from './scenario.ts';
import { startServers } from './server-run.ts';
import { downloadSizes, writeServerFiles } from './servers/server-commands.ts';
import { endRuns } from './sweep.ts';
import { type Course, runTimeline } from './timeline.ts';
import { buildTopology, NODES, setSysctls } from './topology.ts';
import { type Truth, writeTruth } from './truth.ts';

/** The bundles: the command itself, and the lab's programs beside it. */
export interface Programs {
  readonly diagnose: string;
  readonly client: string;
  readonly server: string;
}

export interface RunOptions {
  readonly name: string;
  readonly scenario: Scenario;
  /** Where the results go; it is there. */
  readonly out: string;
  readonly programs: Programs;
  /** What is being done. */
  say(what: string): void;
  /** What should be known of a run that goes on. */
  warn(what: string): void;
  readonly signal: AbortSignal;
}

export interface RunResult {
  readonly name: string;
  readonly folder: string;
  readonly truth: Truth;
  readonly report: Report;
  readonly clients: readonly ClientResult[];
  readonly flows: readonly FlowVerdict[];
  /** A failover is found if there was one, and only then. */
  readonly agreesOnFailover: boolean;
  /** Happened as written, and the failover and every flow are diagnosed as the truth is. */
  readonly agrees: boolean;
}

/** Nothing of it is left but the results. @throws GatewayError, and the reason of the signal */
export async function runScenario(options: RunOptions): Promise<RunResult> {
  const run = createRunFolder();
  const partial = path.join(options.out, `.${options.name}${partialSuffix(run.id)}`);
  try {
    createPartialOutput(run, partial);
    const captured = await new LabRun(run, partial, options).play();
    options.say('diagnosing');
    const result = await diagnose(captured, partial, options);
    const folder = freeName(path.join(options.out, options.name));
    renameSync(partial, folder);
    return { ...result, folder };
  } finally {
    await endRuns(new Set([run.id]), 500);
    removeRunFolder(run);
  }
}

interface Captured {
  readonly truth: Truth;
  readonly clients: readonly ClientResult[];
  readonly captures: readonly CaptureFile[];
  readonly until: bigint;
}

class LabRun {
  readonly #run: RunFolder;
  readonly #out: string;
  readonly #options: RunOptions;
  readonly #captures: Captures;
  /** Ends all at once: the caller's signal, or a program that ended by itself. */
  readonly #ending = new AbortController();
  #clients: readonly ClientRun[] = [];
  #stopping = false;

  constructor(run: RunFolder, out: string, options: RunOptions) {
    this.#run = run;
    this.#out = out;
    this.#options = options;
    for (const folder of ['captures', 'journals', 'clients']) mkdirSync(path.join(out, folder));
    this.#captures = new Captures({
      run: run.id,
      folder: run.path,
      out,
      diagnose: options.programs.diagnose,
      onLost: this.#endFor,
    });
  }

  /** Everything has ended, and the namespaces are gone, when it resolves. */
  async play(): Promise<Captured> {
    const { name, signal, say } = this.#options;
    const stop = (): void => this.#ending.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      say('building');
      const nodes = await this.#setUp();
      const course = await this.#play(nodes);
      say('stopping');
      this.#stopping = true;
      await this.#captures.stop();
      // At once: what a client does while files are compressed is in no capture.
      const clients = await Promise.all(this.#clients.map((client) => client.finish()));
      this.#keepJournals();
      const captures = await this.#captures.compress();
      await Promise.all(Object.values(nodes).map((node) => node.stop()));
      await endRuns(new Set([this.#run.id]));
      for (const node of Object.values(nodes)) this.#keepOutput(node);
      return { truth: this.#writeTruth(name, course, clients), clients, captures, until: course.end };
    } catch (error) {
      this.#captures.abandon();
      // What was broken off says only that it was.
      throw this.#ending.signal.aborted ? this.#ending.signal.reason : error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #setUp(): Promise<Record<NodeName, GatewayNode>> {
    const { scenario } = this.#options;
    const { id } = this.#run;
    const { move, splitBrain } = scenario.gateway;
    await buildTopology({ id, family: scenario.family, move, spare: splitBrain });
    const settings = Object.entries(scenario.server.sysctl).map(([name, value]) => `${name}=${value}`);
    if (settings.length > 0) await setSysctls(namespaceOf(id, 'server'), settings);
    this.#ending.signal.throwIfAborted();
    writeFileSync(this.#file('key'), randomBytes(32).toString('base64'), { mode: 0o600 });
    const certificates = await certificateFiles(scenario, this.#run.path);
    const nodes = await this.#startNodes(certificates);
    await startServers(id, this.#serverPlan(certificates), this.#options.programs.server, this.#endFor);
    await Promise.all(NODES.map((node) => nodes[node].ready(this.#ending.signal)));
    await this.#captures.start();
    const home = this.#clientHome(certificates);
    this.#clients = scenario.traffic.map((traffic) => new ClientRun(traffic, home));
    return nodes;
  }

  async #startNodes(certificates: Certificates | null): Promise<Record<NodeName, GatewayNode>> {
    const { scenario, programs } = this.#options;
    const files = { run: this.#run, certificates };
    const make = (name: NodeName): GatewayNode =>
      new GatewayNode(nodeConfig(scenario, name, files), this.#file(`${name}.yaml`));
    const nodes = { 'node-a': make('node-a'), 'node-b': make('node-b') };
    nodes['node-a'].start(this.#run.id, programs.diagnose, this.#endFor);
    // By VRRP the role is whose advertisements come first, on a busy machine those of either, and it stays with that one.
    if (scenario.gateway.move === 'address') await nodes['node-a'].ready(this.#ending.signal);
    nodes['node-b'].start(this.#run.id, programs.diagnose, this.#endFor);
    return nodes;
  }

  #serverPlan(certificates: Certificates | null): ServerPlan {
    const { scenario } = this.#options;
    const { rate, sendTimeout, resetTimedOut, dnsDelay } = scenario.server;
    const plan: ServerPlan = {
      folder: this.#file('server'),
      address: serverAddress(scenario.family),
      rate,
      resetTimedOut,
      dnsDelay,
      ...(sendTimeout !== undefined && { sendTimeout }),
      ...(certificates !== null && { tls: certificates.server }),
    };
    mkdirSync(path.join(plan.folder, 'www'), { recursive: true });
    writeServerFiles(plan, downloadSizes(scenario));
    return plan;
  }

  #clientHome(certificates: Certificates | null): ClientHome {
    return {
      run: this.#run.id,
      folder: this.#file('clients'),
      outputs: path.join(this.#out, 'clients'),
      address: serverAddress(this.#options.scenario.family),
      trust: certificates?.clientTrust ?? '',
      clientProgram: this.#options.programs.client,
    };
  }

  #play(nodes: Record<NodeName, GatewayNode>): Promise<Course> {
    const { scenario, say } = this.#options;
    const { signal } = this.#ending;
    const scene = { run: this.#run.id, scenario, nodes, bystanders: () => this.#captures.pids(), signal };
    return runTimeline(scenario, {
      startClient: (name) => this.#clients.find(({ traffic }) => traffic.name === name)!.start(),
      act: (action, watcher) => act(action, scene, watcher),
      say,
      signal,
    });
  }

  /** As they are when the captures end: how the lab stops the nodes is no part of what happened. */
  #keepJournals(): void {
    for (const node of NODES) {
      const journal = this.#file(`${node}.jsonl`);
      if (existsSync(journal)) copyFileSync(journal, path.join(this.#out, 'journals', `${node}.jsonl`));
    }
  }

  /** What a node printed is kept where it printed anything. */
  #keepOutput({ name, output }: GatewayNode): void {
    if (output !== '') writeFileSync(path.join(this.#out, 'journals', `${name}.output.txt`), output);
  }

  #writeTruth(name: string, course: Course, clients: readonly ClientResult[]): Truth {
    const truth = writeTruth(name, this.#options.scenario, course, clients);
    writeFileSync(path.join(this.#out, 'truth.json'), `${JSON.stringify(truth, null, 1)}\n`);
    return truth;
  }

  /** A run that goes on without one of its programs shows something else than its scenario says. */
  readonly #endFor = (why: GatewayError): void => {
    if (!this.#stopping) this.#ending.abort(why);
  };

  readonly #file = (name: string): string => path.join(this.#run.path, name);
}

async function diagnose(
  { truth, clients, captures, until }: Captured,
  folder: string,
  { warn }: RunOptions,
): Promise<Omit<RunResult, 'folder'>> {
  for (const { vantage, dropped } of captures) {
    if (dropped === null) warn(`the capture at ${vantage} does not say how many packets it lacks`);
    else if (dropped > 0)
      warn(`the capture at ${vantage} lacks ${dropped} packets: the machine was too busy`);
  }
  const journals = NODES.map((node) => ({ node, path: path.join(folder, 'journals', `${node}.jsonl`) }));
  const report = await diagnoseRun({
    folder,
    captures,
    journals: journals.filter((journal) => existsSync(journal.path)),
    until,
  });
  writeFileSync(path.join(folder, 'report.json'), `${JSON.stringify(report)}\n`);
  const flows = compareFlows(report, truth);
  const found = agreesOnFailover(report, truth);
  const agrees =
    truth.notAsWritten.length === 0 && found && flows.length > 0 && flows.every((flow) => flow.agrees);
  return { name: truth.scenario, truth, report, clients, flows, agreesOnFailover: found, agrees };
}

/** Results that are there stay: `name`, `name-2`, … */
function freeName(wanted: string): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}-${n}`;
    if (!existsSync(name)) return name;
  }
}
