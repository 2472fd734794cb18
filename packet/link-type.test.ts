import { expect, test } from 'vitest';
import { LinkType, linkTypeName } from './link-type.ts';

test('names are those of tcpdump', () => {
  expect(linkTypeName(LinkType.Ethernet)).toBe('EN10MB');
  expect(linkTypeName(LinkType.LinuxSll2)).toBe('LINUX_SLL2');
  expect(linkTypeName(12)).toBe('RAW');
  expect(linkTypeName(9999)).toBe('LINKTYPE_9999');
});

test('every type that is decoded has a name', () => {
  for (const linkType of Object.values(LinkType)) expect(linkTypeName(linkType)).not.toContain('LINKTYPE');
});
