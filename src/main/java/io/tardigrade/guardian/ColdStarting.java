package io.tardigrade.guardian;

import io.tardigrade.cluster.MemberThread;
import io.tardigrade.coordination.EmptyHosts;
import io.tardigrade.coordination.GuestRegister;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.replica.ReplicaStore;
import io.tardigrade.replication.ColdStart;
import io.tardigrade.replication.View;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/**
 * Says to the cluster that this host holds nothing of a guest's memory, though its view counts on
 * it; and has the guest boot from its disks here where {@link ColdStart} says so. Called by the
 * thread of {@link ClusterEdge}, which waits for the coordination service.
 */
final class ColdStarting {
  private final HostPaths paths;
  private final String guest;
  private final ReplicaSpec replica;
  private final String self;
  private final ReplicaStore store;
  private final MemberThread member;
  private final GuestRegister register;
  private final EmptyHosts empty;
  private final Consumer<String> boots;
  private String told = "";

  /**
   * @param boots is told why the guest is to boot, before it can
   */
  ColdStarting(
      HostPaths paths,
      String guest,
      ReplicaSpec replica,
      String self,
      ReplicaStore store,
      MemberThread member,
      GuestRegister register,
      EmptyHosts empty,
      Consumer<String> boots) {
    this.paths = paths;
    this.guest = guest;
    this.replica = replica;
    this.self = self;
    this.store = store;
    this.member = member;
    this.register = register;
    this.empty = empty;
    this.boots = boots;
  }

  void look() throws IOException, InterruptedException, ExecutionException {
    if (member.call(m -> store.isWhole()).get()) {
      return;
    }
    View view = register.view(replica.id());
    if (!view.hasMember(self)) {
      return;
    }
    empty.say(replica.id(), self, view.number());
    if (!view.primary().equals(self)) {
      return;
    }
    ColdStart decision =
        ColdStart.of(
            new ColdStart.Own(self, false, LastReign.of(paths, guest, replica)),
            view,
            empty.of(replica.id()));
    if (!decision.reason().equals(told)) {
      told = decision.reason();
      Log.warn(told);
    }
    if (decision.kind() == ColdStart.Kind.BOOT) {
      boots.accept(decision.reason());
      boolean _ =
          member
              .call(m -> {
                // What this member was told after its memory was gone; only so is it not of old.
                boolean stands = !store.isWhole() && m.view().equals(view);
                if (stands) {
                  store.foundFromDisks();
                }
                return stands;
              })
              .get();
    }
  }
}
