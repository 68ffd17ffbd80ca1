import Codecs
import Foundation
import Raster
import Synchronization

/// Frames as they were worked on, in a file without a name, so that the mosaic can be written from their rows without working on them again.
final class StitchScratch: Sendable {
    private struct State {
        var size = 0
        var places: [Int: Int] = [:]
        var isFull = false
    }

    private let descriptor: Int32
    private let state = Mutex(State())

    /// Nil where no file can be made.
    init?() {
        // Not /tmp, which may be memory.
        let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
        var template = Array((folder + "/ship-XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { return nil }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Keeps a frame; when the disk has no room, later frames are not kept either, and `rows` says so.
    func keep(_ frame: Int, _ image: AnyImage) {
        let count = image.byteCount
        let place = state.withLock { state -> Int? in
            if state.isFull || state.places[frame] != nil { return nil }
            defer { state.size += count }
            return state.size
        }
        guard let place else { return }
        func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
            var done = 0
            while done < bytes.count {
                let written = pwrite(descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 24), off_t(place + done))
                if written < 0 && errno == EINTR { continue }
                if written <= 0 { return false }
                done += written
            }
            return true
        }
        let isKept =
            switch image {
            case .gray8(let image): image.withBuffer { write(UnsafeRawBufferPointer($0)) }
            case .gray16(let image): image.withBuffer { write(UnsafeRawBufferPointer($0)) }
            case .color8(let image): image.withBuffer { write(UnsafeRawBufferPointer($0)) }
            case .color16(let image): image.withBuffer { write(UnsafeRawBufferPointer($0)) }
            }
        state.withLock { state in if isKept { state.places[frame] = place } else { state.isFull = true } }
    }

    /// Rows of a frame that was kept; nil for others.
    func rows(_ frame: Int, header: ImageHeader) -> (any ImageRowReader)? {
        state.withLock { $0.places[frame] }.map { ScratchRowReader(self, header: header, place: $0) }
    }

    fileprivate func read(into target: UnsafeMutableRawBufferPointer, at place: Int) -> Bool {
        var done = 0
        while done < target.count {
            let got = pread(descriptor, target.baseAddress! + done, target.count - done, off_t(place + done))
            if got < 0 && errno == EINTR { continue }
            if got <= 0 { return false }
            done += got
        }
        return true
    }
}

private final class ScratchRowReader: ImageRowReader {
    let header: ImageHeader
    private let scratch: StitchScratch
    private let place: Int
    private var row = 0

    init(_ scratch: StitchScratch, header: ImageHeader, place: Int) { (self.scratch, self.header, self.place) = (scratch, header, place) }

    func readRows(into target: UnsafeMutableRawBufferPointer, count: Int) throws(CodecError) {
        precondition(row + count <= header.height, "rows \(row) ..< \(row + count) of \(header.height)")
        let part = UnsafeMutableRawBufferPointer(rebasing: target[..<(count * header.rowBytes)])
        guard scratch.read(into: part, at: place + row * header.rowBytes) else { throw .unreadable(file: "a temporary file", reason: "the disk does not give it back") }
        row += count
    }
}
