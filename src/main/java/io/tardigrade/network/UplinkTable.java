package io.tardigrade.network;

/**
 * The nftables table of family bridge that keeps the gateway on its host. Every host's bridge has
 * the gateway's address and hardware address; were they heard over the uplink, switches would send
 * what is for the gateway to some other host, and guests would find several. Pure text.
 */
final class UplinkTable {
  private UplinkTable() {}

  /** The table; named like the one of family ip. */
  static String create(Installation installation, ClusterNetwork cluster) {
    return cluster
        .uplink()
        .map(uplink ->
            """
            table bridge $T {
              chain in {
                type filter hook prerouting priority -300; policy accept;
                iifname "$U" ether saddr $M drop
                iifname "$U" ether daddr $M drop
                iifname "$U" ether type arp arp daddr ip $G drop
                iifname "$U" ether type arp arp saddr ip $G drop
              }
              chain out {
                type filter hook postrouting priority 300; policy accept;
                oifname "$U" ether saddr $M drop
                oifname "$U" ether daddr $M drop
                oifname "$U" ether type arp arp daddr ip $G drop
                oifname "$U" ether type arp arp saddr ip $G drop
              }
            }
            """
                .replace("$T", installation.table())
                .replace("$U", uplink)
                .replace("$M", cluster.network().gateway().mac().toString())
                .replace("$G", cluster.network().gateway().toString()))
        .orElse("");
  }
}
