package io.tardigrade.checkpoint;

import io.tardigrade.checkpoint.RedoRecord.Header;
import io.tardigrade.checkpoint.Slot.Phase;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link CommittedImage} begins with: files just made, or found and brought to the newest
 * sealed epoch.
 *
 * @param committed the slot with the record of the committed epoch, null where the guest is to boot
 *     cold
 */
record ImageParts(
    Storage storage,
    ImageState state,
    List<Slot> slots,
    CommittedRam ram,
    ImageState.Root root,
    @Nullable Slot committed,
    long committedEpoch) {

  static ImageParts create(Storage storage, Geometry geometry, int slotCount, long imageId)
      throws IOException {
    delete(storage);
    List<Closeable> opened = new ArrayList<>();
    try {
      CommittedRam ram = CommittedRam.create(storage, geometry, 1);
      opened.add(ram::close);
      List<Slot> slots = new ArrayList<>();
      for (int i = 0; i < slotCount; i++) {
        Slot slot = Slot.create(storage, i, geometry, imageId);
        opened.add(slot.file);
        slots.add(slot);
      }
      ImageState state = ImageState.create(storage, imageId, slotCount, geometry);
      return new ImageParts(storage, state, slots, ram, state.root(), null, 0);
    } catch (IOException e) {
      closeAll(opened);
      delete(storage);
      throw e;
    }
  }

  /** Of an addition that was cut short. */
  private static void deleteSlotsBeyond(Storage storage, int count) throws IOException {
    for (int i = count; i < ImageState.SLOTS_MAX; i++) {
      if (storage.names().contains(Slot.nameOf(i))) {
        storage.delete(Slot.nameOf(i));
      }
    }
  }

  private void addSlots(int wanted) throws IOException {
    while (slots.size() < wanted) {
      Slot slot;
      try {
        slot = Slot.create(storage, slots.size(), state.geometry(), state.imageId());
      } catch (NoSpaceException e) {
        return; // Fewer epochs are on their way at a time.
      }
      slots.add(slot);
      state.storeSlots(slots.size());
    }
  }

  private static void closeAll(List<Closeable> opened) throws IOException {
    for (Closeable file : opened) {
      file.close();
    }
  }

  /** Removes every file of an image, however incomplete. */
  static void delete(Storage storage) throws IOException {
    // First the file whose presence says that all others are there.
    storage.delete(ImageState.NAME);
    for (String name : storage.names()) {
      if (name.matches("(state|redo-[a-d]|(ram|crc)-[0-9]+)(\\.new)?")) {
        storage.delete(name);
      }
    }
  }

  /**
   * Opens an image, and gives it as many slots as are asked for if there is space: they are added
   * one by one, each by the store that counts it.
   */
  static ImageParts open(Storage storage, int slotsWanted) throws IOException {
    ImageState state = ImageState.open(storage);
    List<Closeable> opened = new ArrayList<>();
    opened.add(state::close);
    try {
      List<Slot> slots = new ArrayList<>();
      for (int i = 0; i < state.slots(); i++) {
        Slot slot = Slot.open(storage, i, state.geometry(), state.imageId());
        opened.add(slot.file);
        slots.add(slot);
      }
      deleteSlotsBeyond(storage, state.slots());
      ImageParts found = recover(storage, state, slots, opened);
      found.addSlots(slotsWanted);
      return found;
    } catch (IOException e) {
      closeAll(opened);
      throw e;
    }
  }

  private static ImageParts recover(
      Storage storage, ImageState state, List<Slot> slots, List<Closeable> opened)
      throws IOException {
    ImageState.Root root = state.root();
    RecoveryPlan plan =
        RecoveryPlan.of(
            root.incarnation(),
            root.coldEpoch(),
            state.applied(),
            slots.stream().flatMap(slot -> Optional.ofNullable(slot.header).stream()).toList());
    state.unprotected();
    for (Header header : plan.toApply()) {
      holder(slots, header).record.verifyPages(header);
    }
    CommittedRam ram = openRam(storage, state.geometry(), root, plan);
    opened.add(ram::close);
    for (Header header : plan.toApply()) {
      ram.apply(holder(slots, header), header);
      state.storeApplied(header.epoch());
    }
    for (Slot slot : slots) {
      settle(slot, root.incarnation());
    }
    Header committed = plan.committed();
    return new ImageParts(
        storage,
        state,
        slots,
        ram,
        root,
        committed == null ? null : holder(slots, committed),
        plan.committedEpoch());
  }

  /** The RAM of the current incarnation; a reset that was cut short may have to be finished. */
  private static CommittedRam openRam(
      Storage storage, Geometry geometry, ImageState.Root root, RecoveryPlan plan)
      throws IOException {
    for (String name : storage.names()) {
      if (name.endsWith(".new")) {
        storage.delete(name);
      }
    }
    CommittedRam.deleteOthers(storage, root.incarnation());
    if (plan.committed() == null && !CommittedRam.isThere(storage, root.incarnation())) {
      CommittedRam.deleteOthers(storage, 0);
      return CommittedRam.create(storage, geometry, root.incarnation());
    }
    return CommittedRam.open(storage, geometry, root.incarnation());
  }

  private static void settle(Slot slot, long incarnation) throws IOException {
    Header header = slot.header;
    if (header != null && header.incarnation() == incarnation) {
      slot.phase = Phase.APPLIED;
    } else {
      slot.record.unseal();
      slot.header = null;
    }
    slot.shrinkUnknown();
  }

  private static Slot holder(List<Slot> slots, Header header) {
    return slots.stream().filter(slot -> header.equals(slot.header)).findFirst().orElseThrow();
  }
}
