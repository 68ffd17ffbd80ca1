import CPOSIX
import Foundation
import Synchronization

/// The unfinished file of `FolderHandle.write`. Not for use after the closure returned.
package final class FileWriter {
    private let descriptor: Int32
    private let path: String
    package private(set) var count = 0

    init(descriptor: Int32, path: String) { (self.descriptor, self.path) = (descriptor, path) }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        let code = writeAll(bytes)
        guard code == 0 else { throw StoreError(code: code, path: path, doing: "write it") }
    }

    package func write(_ bytes: [UInt8]) throws(StoreError) {
        // An errno instead of a typed throw: the optimizer of Swift 6.3 crashes on typed throws out of this closure.
        let code = bytes.withUnsafeBytes { writeAll($0) }
        guard code == 0 else { throw StoreError(code: code, path: path, doing: "write it") }
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        var done = 0
        while done < bytes.count {
            let written = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if written < 0 {
                if errno == EINTR { continue }
                return errno
            }
            done += written
        }
        count += done
        return 0
    }

    func finish() throws(StoreError) {
        let status = ship_sync(descriptor)
        guard status == 0 else { throw StoreError(code: -status, path: path, doing: "bring the file onto the disk") }
    }
}

/// Names of unfinished files: `<name>.<process>-<number>.part`, so that two writers of one file never share one.
enum PartName {
    private static let counter = Atomic<Int>(0)

    static func next(for name: String) -> String {
        "\(name).\(getpid())-\(counter.add(1, ordering: .relaxed).newValue).part"
    }

    /// Whether a name was made by `next`, also where a codec put its own ending behind it (uploads in progress also end in `.part` and are not ours to remove).
    static func matches(_ name: String) -> Bool {
        name.wholeMatch(of: /.+\.[0-9]+-[0-9]+\.part(\.part)?/) != nil
    }
}
