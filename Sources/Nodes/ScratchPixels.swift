import Foundation
import Pipeline
import Raster

/// Pixels of a large image in a file without a name, which goes with the process; parts of it are read at once.
///
/// What an edit measures is a small part of an image that may have billions of pixels, and decoding or correcting such an image for each edit
/// would take seconds.
package final class ScratchPixels: Sendable {
    package let width: Int
    package let height: Int
    package let byteCount: Int
    private let kind: Kind
    private let descriptor: Int32

    private enum Kind { case gray8, gray16, color8, color16 }

    /// nil where the disk has no room for it.
    package init?(_ image: AnyImage) {
        (width, height, byteCount) = (image.width, image.height, image.byteCount)
        // Not /tmp, which may be memory.
        let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
        var template = Array((folder + "/ship-XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { return nil }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        self.descriptor = descriptor
        func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
            var done = 0
            while done < bytes.count {
                let count = pwrite(descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 24), off_t(done))
                if count < 0 && errno == EINTR { continue }
                if count <= 0 { return false }
                done += count
            }
            return true
        }
        let isWritten: Bool
        switch image {
        case .gray8(let image): (kind, isWritten) = (.gray8, image.withBuffer { write(UnsafeRawBufferPointer($0)) })
        case .gray16(let image): (kind, isWritten) = (.gray16, image.withBuffer { write(UnsafeRawBufferPointer($0)) })
        case .color8(let image): (kind, isWritten) = (.color8, image.withBuffer { write(UnsafeRawBufferPointer($0)) })
        case .color16(let image): (kind, isWritten) = (.color16, image.withBuffer { write(UnsafeRawBufferPointer($0)) })
        }
        // From here on `deinit` closes it.
        if !isWritten { return nil }
    }

    deinit { close(descriptor) }

    /// The part inside `box`; nil when the disk does not give it back.
    package func window(_ box: Rect) -> AnyImage? {
        precondition(Rect(x: 0, y: 0, width: width, height: height).contains(box), "part \(box) is not inside \(width) × \(height)")
        return switch kind {
        case .gray8: read(box).map { .gray8($0) }
        case .gray16: read(box).map { .gray16($0) }
        case .color8: read(box).map { .color8($0) }
        case .color16: read(box).map { .color16($0) }
        }
    }

    private func read<Pixel>(_ box: Rect) -> Image<Pixel>? {
        let size = MemoryLayout<Pixel>.stride
        var isRead = true
        let image = Image<Pixel>(width: box.width, height: box.height) { pixels in
            let bytes = UnsafeMutableRawBufferPointer(pixels)
            // Whole rows lie behind each other.
            let (rows, count) = box.width == width ? (1, bytes.count) : (box.height, box.width * size)
            for row in 0..<rows where isRead {
                var done = 0
                while done < count {
                    let place = ((box.y + row) * width + box.x) * size + done
                    let got = pread(descriptor, bytes.baseAddress! + row * count + done, count - done, off_t(place))
                    if got < 0 && errno == EINTR { continue }
                    if got <= 0 { break }
                    done += got
                }
                isRead = done == count
            }
            if !isRead { bytes.initializeMemory(as: UInt8.self, repeating: 0) }
        }
        return isRead ? image : nil
    }
}
