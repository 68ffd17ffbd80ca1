#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
import Raster

extension ImageFile {
    /// Rows of a picture turned upright by its EXIF or TIFF `orientation` (1 to 8), in memory that does not grow with its size.
    ///
    /// - Parameter scratch: a path; above 64 MB the turned pixels wait in an unnamed file in its folder, of the size of the pixels.
    /// - Complexity: that of decoding; above 64 MB one write and one read of all pixels more.
    package static func uprightRows(
        path: String, page: Int = 0, limits: DecodeLimits = .standard, orientation: Int, scratch: String
    ) throws(CodecError) -> any ImageRowReader {
        let reader = try rows(path: path, page: page, limits: limits)
        guard (2...8).contains(orientation) else { return reader }
        return try UprightRowReader(reader, orientation: orientation, scratch: scratch)
    }
}

/// Turns strips of the stored picture one by one, keeps them in a file (or in memory when the picture is small), and gathers
/// upright rows from there.
package final class UprightRowReader: ImageRowReader {
    package let header: ImageHeader
    private let orientation: Int
    private let file: Int32
    private var memory: [UInt8] = []
    /// Stored rows a strip; the last strip may have fewer.
    private let perStrip: Int
    private let bandHeight: Int
    private let stored: ImageHeader
    private let name: String
    private var band: [UInt8] = []
    private var bandRows = 0..<0
    private var row = 0

    /// Bytes of a strip, and of a band of upright rows.
    package static let workingBytes = 16 << 20

    package init(
        _ reader: any ImageRowReader, orientation: Int, scratch: String, inMemory: Int = 64 << 20, workingBytes: Int = workingBytes
    ) throws(CodecError) {
        precondition((2...8).contains(orientation), "orientation \(orientation)")
        let stored = reader.header
        var header = stored
        if orientation >= 5 {
            (header.width, header.height) = (stored.height, stored.width)
            header.resolution = stored.resolution?.turned
        }
        (self.stored, self.header, self.orientation) = (stored, header, orientation)
        name = scratch.split(separator: "/").last.map(String.init) ?? scratch
        perStrip = max(1, min(stored.height, workingBytes / stored.rowBytes))
        if stored.pixelBytes <= inMemory {
            file = -1
            memory = [UInt8](repeating: 0, count: stored.pixelBytes)
        } else {
            file = Self.scratchFile(beside: scratch)
            guard file >= 0 else { throw .unwritable(file: name, reason: "no room to turn it: " + String(cString: strerror(errno))) }
        }
        bandHeight = max(1, min(header.height, workingBytes / header.rowBytes))
        switch (stored.channels, stored.bitsPerSample) {
        case (1, 8): try turn(reader, UInt8.self)
        case (1, 16): try turn(reader, UInt16.self)
        case (3, 8): try turn(reader, BGR<UInt8>.self)
        default: try turn(reader, BGR<UInt16>.self)
        }
    }

    deinit { if file >= 0 { close(file) } }

    /// A file without a name, so that nothing is left of it whatever happens.
    private static func scratchFile(beside path: String) -> Int32 {
        let folder = path.contains("/") ? String(path[...path.lastIndex(of: "/")!]) : "./"
        var template = Array((folder + ".ship-turn-XXXXXX").utf8CString)
        let file = mkstemp(&template)
        if file >= 0 { unlink(template) }
        return file
    }

    private func turn<Pixel: Sendable & BitwiseCopyable>(_ reader: any ImageRowReader, _: Pixel.Type) throws(CodecError) {
        for top in stride(from: 0, to: stored.height, by: perStrip) {
            let count = min(perStrip, stored.height - top)
            var failure: CodecError?
            let strip = Image<Pixel>(width: stored.width, height: count) { pixels in
                do throws(CodecError) { try reader.readRows(into: UnsafeMutableRawBufferPointer(pixels), count: count) } catch { failure = error }
            }
            if let failure { throw failure }
            let error = strip.oriented(orientation).withBuffer { keep(UnsafeRawBufferPointer($0), at: top * stored.rowBytes) }
            if let error { throw error }
        }
    }

    private func keep(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> CodecError? {
        if file < 0 {
            memory.withUnsafeMutableBytes { UnsafeMutableRawBufferPointer(rebasing: $0[offset...]).copyMemory(from: bytes) }
            return nil
        }
        var done = 0
        while done < bytes.count {
            let put = pwrite(file, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else { return .unwritable(file: name, reason: "no room to turn it: " + String(cString: strerror(put < 0 ? errno : ENOSPC))) }
            done += put
        }
        return nil
    }

    private func fetch(_ target: UnsafeMutableRawBufferPointer, at offset: Int) throws(CodecError) {
        if file < 0 {
            memory.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + target.count)])) }
            return
        }
        var done = 0
        while done < target.count {
            let got = pread(file, target.baseAddress! + done, target.count - done, off_t(offset + done))
            if got < 0 && errno == EINTR { continue }
            guard got > 0 else { throw .unwritable(file: name, reason: "its turned pixels cannot be read again") }
            done += got
        }
    }

    package func readRows(into target: UnsafeMutableRawBufferPointer, count: Int) throws(CodecError) {
        precondition(count >= 0 && count <= header.height - row && target.count >= count * header.rowBytes, "\(count) rows from row \(row)")
        for index in 0..<count {
            if !bandRows.contains(row) { try readBand() }
            band.withUnsafeBytes {
                let from = (row - bandRows.lowerBound) * header.rowBytes
                UnsafeMutableRawBufferPointer(rebasing: target[(index * header.rowBytes)...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[from..<(from + header.rowBytes)]))
            }
            row += 1
        }
    }

    /// The rows from `row` on that the next band holds.
    private func readBand() throws(CodecError) {
        if orientation < 5 {
            // A strip is a band; upside down, the last comes first.
            let top = orientation == 2 ? row : (stored.height - 1 - row) / perStrip * perStrip
            let count = min(perStrip, stored.height - top)
            bandRows = row..<(row + count)
            try fill(bytes: count * stored.rowBytes) { bytes throws(CodecError) in try fetch(bytes, at: top * stored.rowBytes) }
            return
        }
        // Each turned strip is a column of the picture, as wide as it had rows; some rows of it lie together.
        let pixel = stored.rowBytes / stored.width
        let count = min(bandHeight, header.height - row)
        bandRows = row..<(row + count)
        var part = [UInt8](repeating: 0, count: count * perStrip * pixel)
        try fill(bytes: count * header.rowBytes) { bytes throws(CodecError) in
            for top in stride(from: 0, to: stored.height, by: perStrip) {
                let width = min(perStrip, stored.height - top)
                let size = count * width * pixel
                try part.withUnsafeMutableBufferPointer { part throws(CodecError) in
                    try fetch(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(part)[..<size]), at: top * stored.rowBytes + row * width * pixel)
                }
                let left = orientation == 5 || orientation == 8 ? top : stored.height - top - width
                part.withUnsafeBytes { part in
                    for y in 0..<count {
                        (bytes.baseAddress! + y * header.rowBytes + left * pixel).copyMemory(from: part.baseAddress! + y * width * pixel, byteCount: width * pixel)
                    }
                }
            }
        }
    }

    private func fill(bytes: Int, _ body: (UnsafeMutableRawBufferPointer) throws(CodecError) -> Void) throws(CodecError) {
        if band.count < bytes { band = [UInt8](repeating: 0, count: bytes) }
        try band.withUnsafeMutableBufferPointer { all throws(CodecError) in
            try body(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(all)[..<bytes]))
        }
    }
}
