/**
 * What a scenario says that no run could show, or that would be left out without a word: told before anything is built.
 * The trap: a step that waits for a moment which never comes would wait for ever.
 */
import type { LabAction, Moment, Scenario } from './scenario.ts';

export interface Contradiction {
  /** Of the key. */
  readonly path: (string | number)[];
  readonly message: string;
}

export const contradictions = (scenario: Scenario): Contradiction[] => [
  ...ofNames(scenario),
  ...ofExpectations(scenario),
  ...ofSteps(scenario),
  ...ofGateway(scenario),
];

function ofNames({ traffic }: Scenario): Contradiction[] {
  const names = traffic.map(({ name }) => name);
  return names.flatMap((name, i) =>
    names.indexOf(name) === i ? [] : [{ path: ['traffic', i, 'name'], message: `'${name}' is another's` }],
  );
}

function ofExpectations({ traffic, expect }: Scenario): Contradiction[] {
  const names = traffic.map(({ name }) => name);
  return Object.entries(expect).flatMap(([name, { says }]): Contradiction[] => [
    ...(names.includes(name)
      ? []
      : [{ path: ['expect', name], message: `no traffic has this name, but ${names.join(', ')}` }]),
    ...(says.running && (says.exit !== undefined || says.endsAfterRestored !== undefined)
      ? [{ path: ['expect', name, 'says'], message: 'what still runs has not ended' }]
      : []),
    ...((says.tookFrom ?? 0) > (says.tookTo ?? Number.POSITIVE_INFINITY)
      ? [{ path: ['expect', name, 'says', 'tookTo'], message: 'less than tookFrom' }]
      : []),
  ]);
}

const takesPath = (action: LabAction): boolean =>
  'takeOver' in action || 'release' in action || 'powerOff' in action;

function ofSteps({ control, restored, steps = [], traffic }: Scenario): Contradiction[] {
  const takes = steps.some((step) => takesPath(step.do));
  const never = (of: Moment['of']): boolean =>
    (of !== 'begin' && (control || (steps.length > 0 && !takes))) || (of === 'restored' && !restored);
  const waits = [
    ...steps.map(({ at }, i) => ({ of: at.of, path: ['steps', i, 'at'] })),
    ...traffic.map(({ start }, i) => ({ of: start.of, path: ['traffic', i, 'start'] })),
  ];
  return [
    ...(control && takes
      ? [{ path: ['control'], message: 'it is none where a step takes the path away' }]
      : []),
    ...waits
      .filter(({ of }) => never(of))
      .map(({ of, path }) => ({ path, message: `the path is never ${of}, so that this never comes` })),
  ];
}

function ofGateway({ gateway }: Scenario): Contradiction[] {
  const { forwarder, rules, nat, windowTracking, extraRules, intercept, source, onRelease } = gateway;
  const routers = {
    rules: rules !== 'strict',
    nat,
    windowTracking,
    extraRules: Object.keys(extraRules).length > 0,
  };
  const proxies = { source: source !== 'node', intercept, onRelease: onRelease !== 'silent' };
  const unused = Object.entries(forwarder === 'proxy' ? routers : proxies).filter(([, isSet]) => isSet);
  const others = forwarder === 'proxy' ? 'a router' : 'a proxy';
  return unused.map(([key]) => ({ path: ['gateway', key], message: `only ${others} has that` }));
}
