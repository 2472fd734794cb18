/** `npm run fuzz -- foreign [--offline]` and `npm run fuzz -- long [--seconds N]`. */
import { runForeign } from './foreign/foreign.ts';
import { runLong } from './long/long.ts';

const USAGE = `usage: npm run fuzz -- foreign [--offline]   captures of Debian's source packages; --offline: those fetched before
       npm run fuzz -- long [--seconds N] [--only TARGET]   mutated inputs, 600 s where N is absent; goes on where it ended
       npm run fuzz -- long --only TARGET --seed N          one input again
`;

const [command, ...args] = process.argv.slice(2);
const optionOf = (name: string): string | undefined => {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
};

if (command === 'foreign') {
  process.exitCode = await runForeign({ offline: args.includes('--offline') });
} else if (command === 'long') {
  const seed = optionOf('--seed');
  process.exitCode = await runLong({
    seconds: Number(optionOf('--seconds') ?? 600),
    only: optionOf('--only'),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  });
} else {
  process.stderr.write(USAGE);
  process.exitCode = 2;
}
