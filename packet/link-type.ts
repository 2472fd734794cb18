/**
 * LINKTYPE numbers of capture files (tcpdump.org/linktypes.html) and the names
 * that tcpdump prints for them. What `packet/wire` decodes, and a handful that
 * people meet and that it does not.
 * The trap: raw IP has several numbers; 12 and 14 are DLT values that differ by
 * system and turn up in files written by old tools.
 */

export const LinkType = {
  Null: 0,
  Ethernet: 1,
  RawBsd: 12,
  RawOpenBsd: 14,
  Raw: 101,
  Loop: 108,
  LinuxSll: 113,
  Ipv4: 228,
  Ipv6: 229,
  LinuxSll2: 276,
} as const;

const NAMES: Readonly<Record<number, string>> = {
  0: 'NULL',
  1: 'EN10MB',
  9: 'PPP',
  12: 'RAW',
  14: 'RAW',
  101: 'RAW',
  105: 'IEEE802_11',
  108: 'LOOP',
  113: 'LINUX_SLL',
  127: 'IEEE802_11_RADIO',
  147: 'USER0',
  189: 'USB_LINUX',
  220: 'USB_LINUX_MMAPPED',
  228: 'IPV4',
  229: 'IPV6',
  239: 'NFLOG',
  253: 'NETLINK',
  276: 'LINUX_SLL2',
};

/** The name tcpdump uses for a LINKTYPE (`EN10MB`), or `LINKTYPE_<number>`. */
export function linkTypeName(linkType: number): string {
  return NAMES[linkType] ?? `LINKTYPE_${linkType}`;
}
