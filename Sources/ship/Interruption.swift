import Codecs
import Glibc

/// Path of the unfinished file, for a signal handler, which may do next to nothing.
nonisolated(unsafe) private var partToRemove: UnsafeMutablePointer<CChar>?

/// Ctrl-C and a polite kill leave nothing half-written either. What the caller ignores, such as SIGHUP under `nohup`, stays ignored.
func removeWhenInterrupted(_ part: PartFile) {
    partToRemove = strdup(part.part)
    for number in [SIGINT, SIGTERM, SIGHUP] {
        var present = sigaction()
        sigaction(number, nil, &present)
        if unsafeBitCast(present.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { continue }
        signal(number) { number in
            if let partToRemove { unlink(partToRemove) }
            signal(number, SIG_DFL)
            raise(number)
        }
    }
}
