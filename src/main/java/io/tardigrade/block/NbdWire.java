package io.tardigrade.block;

/**
 * Numbers of the NBD protocol (github.com/NetworkBlockDevice/nbd, doc/proto.md), newstyle, fixed.
 * All integers are big-endian.
 *
 * <pre>
 *   server: u64 "NBDMAGIC", u64 "IHAVEOPT", u16 handshake flags
 *   client: u32 client flags
 *   client: u64 "IHAVEOPT", u32 option, u32 length, data         ┐ repeated until
 *   server: u64 REPLY_MAGIC, u32 option, u32 reply, u32 length, data ┘ EXPORT_NAME or GO
 *
 *   client: u32 REQUEST, u16 flags, u16 command, u64 cookie, u64 offset, u32 length, [data]
 *   server: u32 SIMPLE_REPLY, u32 error, u64 cookie, [data]
 *       or: u32 STRUCTURED_REPLY, u16 flags, u16 type, u64 cookie, u32 length, data
 * </pre>
 */
final class NbdWire {
  static final long MAGIC = 0x4e42444d41474943L;
  static final long OPTION_MAGIC = 0x49484156454f5054L;
  static final long OPTION_REPLY_MAGIC = 0x0003e889045565a9L;
  static final int REQUEST_MAGIC = 0x25609513;
  static final int SIMPLE_REPLY_MAGIC = 0x67446698;
  static final int STRUCTURED_REPLY_MAGIC = 0x668e33ef;

  static final int OPTION_HEADER_BYTES = 16;
  static final int REQUEST_BYTES = 28;
  static final int SIMPLE_REPLY_BYTES = 16;
  static final int STRUCTURED_REPLY_BYTES = 20;

  /** Both as handshake flag of the server and as flag of the client. */
  static final int FIXED_NEWSTYLE = 1;

  static final int NO_ZEROES = 2;

  static final int OPT_EXPORT_NAME = 1;
  static final int OPT_ABORT = 2;
  static final int OPT_LIST = 3;
  static final int OPT_INFO = 6;
  static final int OPT_GO = 7;
  static final int OPT_STRUCTURED_REPLY = 8;

  static final int REP_ACK = 1;
  static final int REP_SERVER = 2;
  static final int REP_INFO = 3;
  static final int REP_ERR_UNSUP = 0x80000001;
  static final int REP_ERR_INVALID = 0x80000003;
  static final int REP_ERR_UNKNOWN = 0x80000006;
  static final int REP_ERR_TOO_BIG = 0x80000009;

  static final int INFO_EXPORT = 0;
  static final int INFO_BLOCK_SIZE = 3;

  static final int EXPORT_HAS_FLAGS = 1;
  static final int EXPORT_READ_ONLY = 1 << 1;
  static final int EXPORT_SEND_FLUSH = 1 << 2;
  static final int EXPORT_SEND_FUA = 1 << 3;
  static final int EXPORT_SEND_TRIM = 1 << 5;
  static final int EXPORT_SEND_WRITE_ZEROES = 1 << 6;
  static final int EXPORT_CAN_MULTI_CONN = 1 << 8;
  static final int EXPORT_SEND_FAST_ZERO = 1 << 11;

  static final int CMD_READ = 0;
  static final int CMD_WRITE = 1;
  static final int CMD_DISC = 2;
  static final int CMD_FLUSH = 3;
  static final int CMD_TRIM = 4;
  static final int CMD_WRITE_ZEROES = 6;

  static final int FLAG_FUA = 1;
  static final int FLAG_NO_HOLE = 2;
  static final int FLAG_FAST_ZERO = 16;

  static final int CHUNK_DONE = 1;
  static final int CHUNK_NONE = 0;
  static final int CHUNK_OFFSET_DATA = 1;
  static final int CHUNK_ERROR = 0x8001;

  static final int OK = 0;
  static final int ERR_PERM = 1;
  static final int ERR_IO = 5;
  static final int ERR_INVAL = 22;
  static final int ERR_NOSPC = 28;

  /** The longest READ and WRITE served, told to clients that ask. */
  static final int TRANSFER_BYTES_MAX = 32 << 20;

  private NbdWire() {}

  /** The transmission flags of an export. */
  static int exportFlags(boolean readOnly) {
    int both = EXPORT_HAS_FLAGS | EXPORT_SEND_FLUSH | EXPORT_SEND_FUA | EXPORT_CAN_MULTI_CONN;
    return readOnly
        ? both | EXPORT_READ_ONLY
        : both | EXPORT_SEND_TRIM | EXPORT_SEND_WRITE_ZEROES | EXPORT_SEND_FAST_ZERO;
  }
}
