package io.tardigrade.replica;

import io.tardigrade.replication.PageCodec;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A guest's device state and marks at an epoch, as units behind those of its memory: zeros from
 * where they end.
 *
 * <pre>
 *   unit 0    length of the device state 4, length of the marks 4, marks
 *   unit 1…   device state
 * </pre>
 *
 * <p>While units come from several epochs the lengths may be of another one than the rest, so they
 * are looked at only once all is of one epoch.
 */
final class StateSpace {
  private static final int UNIT_BYTES = PageCodec.UNIT_BYTES;
  private static final int MARKS_OFFSET = 8;

  /** As much as an image keeps. */
  static final int DEVICE_BYTES_MAX = 64 << 20;

  /** So that there is room for the epoch's id beside them. */
  static final int MARKS_BYTES_MAX = 4000;

  /** How many units there are, used or not. */
  static final int UNITS = 1 + DEVICE_BYTES_MAX / UNIT_BYTES;

  private byte[] bytes;

  private StateSpace(byte[] bytes) {
    this.bytes = bytes;
  }

  static StateSpace empty() {
    return new StateSpace(new byte[UNIT_BYTES]);
  }

  static StateSpace of(MemorySegment device, byte[] marks) {
    if (device.byteSize() > DEVICE_BYTES_MAX || marks.length > MARKS_BYTES_MAX) {
      throw new IllegalArgumentException(
          "device state of "
              + device.byteSize()
              + " bytes and marks of "
              + marks.length
              + ", at most "
              + DEVICE_BYTES_MAX
              + " and "
              + MARKS_BYTES_MAX
              + " can be kept");
    }
    int deviceBytes = (int) device.byteSize();
    byte[] all = new byte[(1 + (deviceBytes + UNIT_BYTES - 1) / UNIT_BYTES) * UNIT_BYTES];
    MemorySegment.copy(device, 0, MemorySegment.ofArray(all), UNIT_BYTES, deviceBytes);
    System.arraycopy(marks, 0, all, MARKS_OFFSET, marks.length);
    java.nio.ByteBuffer.wrap(all).putInt(deviceBytes).putInt(marks.length);
    return new StateSpace(all);
  }

  StateSpace copy() {
    return new StateSpace(bytes.clone());
  }

  /** Units that are not known to be zeros. */
  int unitsUsed() {
    return bytes.length / UNIT_BYTES;
  }

  void read(long unit, byte[] into) {
    if (unit >= unitsUsed()) {
      Arrays.fill(into, (byte) 0);
    } else {
      System.arraycopy(bytes, (int) unit * UNIT_BYTES, into, 0, UNIT_BYTES);
    }
  }

  void write(long unit, byte[] from) {
    if (unit >= unitsUsed()) {
      if (Arrays.mismatch(from, new byte[UNIT_BYTES]) < 0) {
        return;
      }
      bytes = Arrays.copyOf(bytes, ((int) unit + 1) * UNIT_BYTES);
    }
    System.arraycopy(from, 0, bytes, (int) unit * UNIT_BYTES, UNIT_BYTES);
  }

  /** The device state; empty where the guest is to boot. */
  MemorySegment device() {
    int length = Math.clamp(length(0), 0, DEVICE_BYTES_MAX);
    byte[] device = Arrays.copyOfRange(bytes, UNIT_BYTES, UNIT_BYTES + length);
    return MemorySegment.ofArray(device);
  }

  byte[] marks() {
    int length = Math.clamp(length(4), 0, MARKS_BYTES_MAX);
    return Arrays.copyOfRange(bytes, MARKS_OFFSET, MARKS_OFFSET + length);
  }

  private int length(int at) {
    return java.nio.ByteBuffer.wrap(bytes).getInt(at);
  }
}
