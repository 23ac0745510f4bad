/*
 * Loaded into the hypervisor ahead of its own code (LD_PRELOAD). A userfaultfd belongs to the address space that
 * creates it, so it has to be created in here; everything else is done by the guardian from outside. It asks for
 * asynchronous write protection of user-mode mappings, hands the descriptor over the Unix socket named in
 * TARDIGRADE_TRACKING, and is gone. Where the kernel refuses, one byte without a descriptor is sent and the guardian
 * finds dirty pages in another way.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#define FEATURE_WP 1ull
#define FEATURE_WP_HUGETLBFS_SHMEM (1ull << 12)
#define FEATURE_WP_UNPOPULATED (1ull << 13)
#define FEATURE_WP_ASYNC (1ull << 15)

static int create_userfaultfd(void) {
  int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
  if (uffd < 0) return -1;
  struct uffdio_api api = {.api = UFFD_API,
                           .features = FEATURE_WP | FEATURE_WP_HUGETLBFS_SHMEM |
                                       FEATURE_WP_UNPOPULATED | FEATURE_WP_ASYNC};
  if (ioctl(uffd, UFFDIO_API, &api) == 0) return uffd;
  close(uffd);
  return -1;
}

static void hand_over(int socket_fd, int uffd) {
  char byte = uffd >= 0 ? 'U' : '-';
  struct iovec data = {&byte, 1};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
  memset(&control, 0, sizeof control);
  if (uffd >= 0) {
    message.msg_control = control.space;
    message.msg_controllen = sizeof control.space;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &uffd, sizeof uffd);
  }
  /* A guardian that is gone needs no descriptor: the hypervisor is about to end as well. */
  (void)!sendmsg(socket_fd, &message, MSG_NOSIGNAL);
}

__attribute__((constructor)) static void tardigrade_preload(void) {
  const char *path = getenv("TARDIGRADE_TRACKING");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (!path || strlen(path) >= sizeof address.sun_path) return;
  strcpy(address.sun_path, path);
  /*
   * Dirty pages are found one small page at a time, and where the image lies in directly mapped memory (DAX) the
   * kernel would otherwise map it in large pages, that have to be split again at every write.
   */
  (void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return;
  if (connect(socket_fd, (struct sockaddr *)&address, sizeof address) == 0) {
    int uffd = create_userfaultfd();
    hand_over(socket_fd, uffd);
    if (uffd >= 0) close(uffd);
  }
  close(socket_fd);
  unsetenv("TARDIGRADE_TRACKING");
  unsetenv("LD_PRELOAD");
}
