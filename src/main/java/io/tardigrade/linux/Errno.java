package io.tardigrade.linux;

/** Error numbers of x86-64 Linux that the code tells apart (asm-generic/errno-base.h, errno.h). */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int ESRCH = 3;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EFAULT = 14;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int ENODEV = 19;
  public static final int EINVAL = 22;
  public static final int ENOTTY = 25;
  public static final int ENOSPC = 28;
  public static final int EPIPE = 32;
  public static final int ENOSYS = 38;
  public static final int EOPNOTSUPP = 95;
  public static final int ECONNRESET = 104;
  public static final int ECONNREFUSED = 111;

  private Errno() {}

  /** A readable name, for messages. */
  public static String name(int errno) {
    return switch (errno) {
      case EPERM -> "not permitted (EPERM)";
      case ENOENT -> "no such file (ENOENT)";
      case ESRCH -> "no such process (ESRCH)";
      case EINTR -> "interrupted (EINTR)";
      case EIO -> "input/output error (EIO)";
      case ENXIO -> "nothing there (ENXIO)";
      case EBADF -> "bad file descriptor (EBADF)";
      case EAGAIN -> "would block (EAGAIN)";
      case ENOMEM -> "out of memory (ENOMEM)";
      case EACCES -> "access denied (EACCES)";
      case EFAULT -> "bad address (EFAULT)";
      case EBUSY -> "busy (EBUSY)";
      case EEXIST -> "exists already (EEXIST)";
      case ENODEV -> "no such device (ENODEV)";
      case EINVAL -> "invalid argument (EINVAL)";
      case ENOTTY -> "not supported by this kernel or device (ENOTTY)";
      case ENOSPC -> "no space left (ENOSPC)";
      case EPIPE -> "peer closed (EPIPE)";
      case ENOSYS -> "system call missing in this kernel (ENOSYS)";
      case EOPNOTSUPP -> "not supported here (EOPNOTSUPP)";
      case ECONNRESET -> "connection reset (ECONNRESET)";
      case ECONNREFUSED -> "connection refused (ECONNREFUSED)";
      default -> "errno " + errno;
    };
  }
}
