package io.tardigrade.guardian;

import io.tardigrade.cluster.MemberThread;
import io.tardigrade.coordination.EmptyHosts;
import io.tardigrade.coordination.GuestRegister;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.replica.ReplicaStore;
import io.tardigrade.replication.ColdStart;
import io.tardigrade.replication.View;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/**
 * Says to the cluster that this host holds nothing of a guest's memory, though its view counts on
 * it; and has the guest boot from its disks here where {@link ColdStart} says so. {@link #look} is
 * called by the thread of {@link ClusterEdge}, which waits for the coordination service.
 *
 * <p>Where a person decides, the view changes first, and only then is anything made of the disks: a
 * host that came back meanwhile and was quicker has made this one its backup again, which must not
 * take what it just made for the guest's memory.
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
  private volatile String waits = "";
  private volatile String decided = "";

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
    boolean whole = member.call(m -> store.isWhole()).get();
    if (whole) {
      FoundReplica.forgetDamage(paths, guest);
    }
    View view = whole ? View.NONE : register.view(replica.id());
    if (!view.hasMember(self)) {
      waits = "";
      return;
    }
    empty.say(replica.id(), self, view.number());
    ColdStart person = asTold(view, false);
    ColdStart.Own own = own(false);
    waits = person.kind() == ColdStart.Kind.BOOT ? offer(person, own) : "";
    if (!view.primary().equals(self)) {
      return;
    }
    ColdStart decision = ColdStart.of(own, view, empty.of(replica.id()));
    if (!decision.reason().equals(told)) {
      told = decision.reason();
      Log.warn(told);
    }
    if (decision.kind() == ColdStart.Kind.BOOT) {
      boots.accept(decided.isEmpty() ? decision.reason() : decided);
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

  private ColdStart.Own own(boolean whole) throws IOException {
    return new ColdStart.Own(
        self, whole, LastReign.of(paths, guest, replica), FoundReplica.damage(paths, guest));
  }

  private ColdStart asTold(View view, boolean whole) throws IOException {
    String id = replica.id();
    return ColdStart.asTold(own(whole), view, empty.of(id), register.listening(id));
  }

  private String offer(ColdStart person, ColdStart.Own own) {
    return (own.damage().isEmpty() ? "none: memory lost" : "none: memory damaged and kept")
        + (person.silent().isEmpty() ? "" : ", waits for " + String.join(", ", person.silent()))
        + "; 'tardigrade failover "
        + guest
        + " --from-disk --to "
        + self
        + "' boots it";
  }

  /** What the guest waits for and a person may decide, with how; empty for nothing. Any thread. */
  String waits() {
    return waits;
  }

  /**
   * Has the guest boot here as a person has decided, whatever may come back; any thread.
   *
   * @param whole whether the guest's memory is here
   * @return what is lost by that, one line
   * @throws IOException where it must not, with nothing changed; or where whether it does is not
   *     known, and it is to be asked again
   */
  String bootFromDisk(boolean whole) throws IOException {
    View view = register.view(replica.id());
    ColdStart decision = asTold(view, whole);
    if (decision.kind() != ColdStart.Kind.BOOT) {
      throw new IOException(decision.reason());
    }
    for (GuestDisks.GuestDisk disk :
        GuestDisks.of(paths, GuestFiles.of(paths, guest).spec()).disks()) {
      if (!Files.exists(disk.base())) {
        throw new IOException(self + " has no disk " + disk.base() + " to boot it from");
      }
    }
    View next = view.aloneOn(self);
    if (!register.replaceView(replica.id(), view, next)) {
      throw new IOException("its view has changed in the same moment; 'list' shows what it is now");
    }
    Log.warn(decision.reason());
    decided = decision.reason();
    FoundReplica.forgetDamage(paths, guest);
    // Nothing was committed in this reign yet, so the disks hold all of it.
    new LastReign(replica.id(), next.reign()).write(paths, guest);
    return decision.reason();
  }
}
