package io.tardigrade.replication;

import io.tardigrade.replication.Message.Beat;
import io.tardigrade.replication.Message.Condition;
import io.tardigrade.replication.Message.Newer;
import io.tardigrade.replication.Message.Part;
import io.tardigrade.replication.Message.Report;
import io.tardigrade.replication.Message.SyncRequest;
import io.tardigrade.replication.Message.SyncUnits;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Messages as bytes. One after the other in a stream; all numbers are big-endian and, where they
 * count or name something, neither negative nor so large that counting on from them overflows:
 *
 * <pre>
 *    0        4        8      9                 17
 *   +--------+--------+------+-----------------+------------------+
 *   | length | CRC32C | type | view            | body             |
 *   +--------+--------+------+-----------------+------------------+
 *             of type…body    |── length bytes counts from type ──|
 *
 *   1 Beat         reign 8, primary NAME, count 1, backups NAME…, attachment 8, committed ID, stamp 8
 *   2 Part         attachment 8, committed ID, id ID, parent ID, part 4, parts 4, payload BYTES
 *   3 Report       attachment 8, run 8, held ID, parts 4, condition 1, done 8, echo 8
 *   4 SyncRequest  attachment 8, run 8, first 8, count 4, digests BYTES
 *   5 SyncUnits    attachment 8, run 8, version ID, first 8, count 4, payload BYTES
 *   6 Newer        nothing
 *
 *   ID = reign 8, epoch 8    NAME = length 1, that many of a-z A-Z 0-9 . - _    BYTES = length 4, bytes
 * </pre>
 *
 * <p>The checksum is from the sender's memory to the receiver's, beneath encryption.
 */
public final class WireFormat {
  /** Bytes that say how long a message is. */
  public static final int HEAD_BYTES = 8;

  /** The longest message, head included. */
  public static final int MESSAGE_BYTES_MAX = 320 << 10;

  /** The most payload of one message. */
  public static final int PAYLOAD_BYTES_MAX = MESSAGE_BYTES_MAX - 1024;

  /** The longest name of a host. */
  public static final int NAME_BYTES_MAX = 63;

  /** The largest number of a view, an epoch or anything else that is counted. */
  public static final long COUNT_MAX = 1L << 60;

  /** The most parts of an epoch, and units of a range: a TiB in messages of their full length. */
  public static final int SMALL_COUNT_MAX = 1 << 20;

  private static final int BEAT = 1;
  private static final int PART = 2;
  private static final int REPORT = 3;
  private static final int SYNC_REQUEST = 4;
  private static final int SYNC_UNITS = 5;
  private static final int NEWER = 6;
  private static final int FIXED_BYTES_MAX = 128;

  private WireFormat() {}

  /** The message as bytes, ready to be read. */
  public static ByteBuffer encode(Message message) {
    ByteBuffer out = ByteBuffer.allocate(bytesMax(message)).position(HEAD_BYTES);
    switch (message) {
      case Beat m -> {
        begin(out, BEAT, m);
        out.putLong(m.leads().reign());
        putName(out, m.leads().primary());
        out.put((byte) m.leads().backups().size());
        m.leads().backups().forEach(backup -> putName(out, backup));
        out.putLong(m.attachment());
        putId(out, m.committed());
        out.putLong(m.stampNanos());
      }
      case Part m -> {
        begin(out, PART, m).putLong(m.attachment());
        putId(out, m.committed());
        putId(out, m.id());
        putId(out, m.parent());
        putBytes(out.putInt(m.part()).putInt(m.parts()), m.payload());
      }
      case Report m -> {
        begin(out, REPORT, m).putLong(m.attachment()).putLong(m.run());
        putId(out, m.held());
        out.putInt(m.parts()).put(code(m.condition()));
        out.putLong(m.unitsDone()).putLong(m.echoNanos());
      }
      case SyncRequest m -> {
        begin(out, SYNC_REQUEST, m).putLong(m.attachment()).putLong(m.run());
        putBytes(out.putLong(m.first()).putInt(m.count()), m.digests());
      }
      case SyncUnits m -> {
        begin(out, SYNC_UNITS, m).putLong(m.attachment()).putLong(m.run());
        putId(out, m.version());
        putBytes(out.putLong(m.first()).putInt(m.count()), m.payload());
      }
      case Newer m -> begin(out, NEWER, m);
    }
    out.flip();
    out.putInt(0, out.limit() - HEAD_BYTES);
    out.putInt(4, checksum(out));
    return out;
  }

  private static int bytesMax(Message message) {
    return HEAD_BYTES
        + FIXED_BYTES_MAX
        + switch (message) {
          case Beat _ -> (View.BACKUPS_MAX + 1) * (NAME_BYTES_MAX + 1);
          case Part m -> payloadBytes(m.payload());
          case SyncRequest m -> payloadBytes(m.digests());
          case SyncUnits m -> payloadBytes(m.payload());
          case Report _, Newer _ -> 0;
        };
  }

  private static int payloadBytes(ByteBuffer payload) {
    if (payload.remaining() > PAYLOAD_BYTES_MAX) {
      throw new IllegalArgumentException(
          "payload of " + payload.remaining() + " bytes, at most " + PAYLOAD_BYTES_MAX);
    }
    return payload.remaining();
  }

  private static ByteBuffer begin(ByteBuffer out, int type, Message message) {
    return out.put((byte) type).putLong(message.view());
  }

  private static void putId(ByteBuffer out, EpochId id) {
    out.putLong(id.reign()).putLong(id.epoch());
  }

  private static void putName(ByteBuffer out, String name) {
    byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
    if (bytes.length > NAME_BYTES_MAX) {
      throw new IllegalArgumentException(
          "host name of " + bytes.length + " characters, at most " + NAME_BYTES_MAX);
    }
    out.put((byte) bytes.length).put(bytes);
  }

  private static void putBytes(ByteBuffer out, ByteBuffer bytes) {
    out.putInt(bytes.remaining()).put(bytes.duplicate());
  }

  private static int checksum(ByteBuffer message) {
    CRC32C crc = new CRC32C();
    crc.update(message.duplicate().position(HEAD_BYTES));
    return (int) crc.getValue();
  }

  /**
   * How long the message is whose first {@link #HEAD_BYTES} are here, head included. The position
   * stays.
   *
   * @throws WireException where it is longer than a message may be
   */
  public static int messageBytes(ByteBuffer head) throws WireException {
    int length = head.getInt(head.position());
    if (length < 9 || length > MESSAGE_BYTES_MAX - HEAD_BYTES) {
      throw new WireException(
          "message of " + length + " bytes, expected 9 to " + (MESSAGE_BYTES_MAX - HEAD_BYTES));
    }
    return length + HEAD_BYTES;
  }

  /**
   * The one message that {@code bytes} hold, all of it; payloads are views of {@code bytes}.
   *
   * @throws WireException where they hold anything else
   */
  public static Message decode(ByteBuffer bytes) throws WireException {
    ByteBuffer in = bytes.slice().asReadOnlyBuffer();
    if (in.remaining() < HEAD_BYTES || messageBytes(in) != in.remaining()) {
      throw new WireException(in.remaining() + " bytes, not as many as their head says");
    }
    if (in.getInt(4) != checksum(in)) {
      throw new WireException("wrong checksum in a message of " + in.remaining() + " bytes");
    }
    in.position(HEAD_BYTES);
    try {
      Message message = read(in);
      if (in.hasRemaining()) {
        throw new WireException(in.remaining() + " bytes behind a message");
      }
      return message;
    } catch (BufferUnderflowException e) {
      throw new WireException("message of " + in.limit() + " bytes is cut short");
    } catch (IllegalArgumentException e) {
      throw new WireException("no message: " + e.getMessage());
    }
  }

  private static Message read(ByteBuffer in) throws WireException {
    int type = in.get();
    long view = count(in);
    return switch (type) {
      case BEAT -> new Beat(view(in, view), count(in), id(in), in.getLong());
      case PART -> part(in, view);
      case REPORT ->
          new Report(
              view,
              count(in),
              in.getLong(),
              id(in),
              smallCount(in),
              condition(in),
              count(in),
              in.getLong());
      case SYNC_REQUEST ->
          new SyncRequest(view, count(in), in.getLong(), count(in), smallCount(in), bytes(in));
      case SYNC_UNITS ->
          new SyncUnits(
              view, count(in), in.getLong(), id(in), count(in), smallCount(in), bytes(in));
      case NEWER -> new Newer(view);
      default -> throw new WireException("message of type " + type + ", expected 1 to " + NEWER);
    };
  }

  private static Part part(ByteBuffer in, long view) throws WireException {
    Part part =
        new Part(
            view, count(in), id(in), id(in), id(in), smallCount(in), smallCount(in), bytes(in));
    if (part.part() >= part.parts()) {
      throw new WireException("part " + part.part() + " of " + part.parts());
    }
    return part;
  }

  private static View view(ByteBuffer in, long number) throws WireException {
    long reign = count(in);
    String primary = name(in);
    int backups = in.get();
    if (backups < 0 || backups > View.BACKUPS_MAX) {
      throw new WireException(backups + " backups, expected are 0 to " + View.BACKUPS_MAX);
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < backups; i++) {
      names.add(name(in));
    }
    return new View(number, reign, primary, names);
  }

  private static long count(ByteBuffer in) throws WireException {
    return within(in.getLong(), COUNT_MAX);
  }

  private static int smallCount(ByteBuffer in) throws WireException {
    return (int) within(in.getInt(), SMALL_COUNT_MAX);
  }

  private static long within(long count, long max) throws WireException {
    if (count < 0 || count > max) {
      throw new WireException("number " + count + ", expected 0 to " + max);
    }
    return count;
  }

  private static EpochId id(ByteBuffer in) throws WireException {
    return new EpochId(count(in), count(in));
  }

  private static byte code(Condition condition) {
    return switch (condition) {
      case WHOLE -> 0;
      case SYNCING -> 1;
      case FULL -> 2;
    };
  }

  private static Condition condition(ByteBuffer in) throws WireException {
    int condition = in.get();
    return switch (condition) {
      case 0 -> Condition.WHOLE;
      case 1 -> Condition.SYNCING;
      case 2 -> Condition.FULL;
      default -> throw new WireException("condition " + condition + ", expected 0 to 2");
    };
  }

  private static String name(ByteBuffer in) throws WireException {
    int length = in.get();
    if (length < 1 || length > NAME_BYTES_MAX) {
      throw new WireException("name of " + length + " bytes, expected 1 to " + NAME_BYTES_MAX);
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    for (byte b : bytes) {
      if ((b < 'a' || b > 'z')
          && (b < 'A' || b > 'Z')
          && (b < '0' || b > '9')
          && b != '.'
          && b != '-'
          && b != '_') {
        throw new WireException("character " + b + " in a name");
      }
    }
    return new String(bytes, StandardCharsets.US_ASCII);
  }

  private static ByteBuffer bytes(ByteBuffer in) throws WireException {
    int length = in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw new WireException(length + " bytes of payload, there are " + in.remaining());
    }
    ByteBuffer bytes = in.slice(in.position(), length);
    in.position(in.position() + length);
    return bytes;
  }
}
