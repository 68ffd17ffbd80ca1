import Codecs
import Glibc
import Raster

/// Writes demo frames as a camera would leave them: JPEG files with telling names and EXIF.
package enum DemoFrames {
    /// Pattern that reads the fields out of the files' names.
    package static let pattern = "{cruise}_st{station:d}_{date:%Y%m%d}_{frame:d}"

    /// Name and metadata of the frame with that number, 0 and up: four frames a station, stations along a transect.
    package static func description(of frame: Int) -> (name: String, exif: DemoEXIF) {
        let station = frame / 4 + 1
        let day = 12 + (station - 1) / 4 % 18
        func digits(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let minutes = 6 * 60 + 40 + (station - 1) % 4 * 185 + frame % 4 * 3
        var exif = DemoEXIF()
        exif.dateTime = "2026:04:\(digits(day, 2)) \(digits(minutes / 60, 2)):\(digits(minutes % 60, 2)):\(digits(frame * 17 % 60, 2))"
        // From Helgoland towards the Dogger Bank.
        exif.latitude = (541_800 + 125 * Double(station - 1)) / 10_000
        exif.longitude = (79_000 - 480 * Double(station - 1)) / 10_000
        return ("demo_st\(digits(station, 2))_202604\(digits(day, 2))_\(digits(frame, 4)).jpg", exif)
    }

    /// JPEG file of a scene with the metadata of its frame.
    package static func encode(_ scene: DemoScene, frame: Int, quality: Int = 92) throws(CodecError) -> [UInt8] {
        let jpeg = try JPEGWriter.encode(.color8(scene.image), quality: quality)
        return description(of: frame).exif.inserted(into: jpeg)
    }

    /// Draws frames into a folder that exists; each file appears whole or not at all.
    ///
    /// - Parameter progress: called after each frame; may throw to stop.
    /// - Returns: the paths in the order of the frames.
    @discardableResult
    package static func write(
        to folder: String, frames: Range<Int>, width: Int = 2000, height: Int = 1500, seed: UInt64 = 1, progress: (_ done: Int, _ of: Int) throws -> Void = { _, _ in }
    ) throws -> [String] {
        var paths: [String] = []
        for frame in frames {
            let scene = DemoScene(seed: seed, frame: frame, width: width, height: height)
            let path = folder + "/" + description(of: frame).name
            try save(encode(scene, frame: frame), to: path)
            paths.append(path)
            try progress(paths.count, frames.count)
        }
        return paths
    }

    private static func save(_ bytes: [UInt8], to path: String) throws(DemoError) {
        let part = path + ".part"
        let file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard file >= 0 else { throw DemoError(file: path, code: errno) }
        var written = 0
        var code: Int32 = 0
        while written < bytes.count, code == 0 {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + written, bytes.count - written) }
            if count > 0 { written += count } else if errno != EINTR { code = errno }
        }
        if code == 0, fsync(file) != 0 { code = errno }
        if close(file) != 0, code == 0 { code = errno }
        if code == 0, rename(part, path) != 0 { code = errno }
        guard code == 0 else {
            unlink(part)
            throw DemoError(file: path, code: code)
        }
    }
}

/// A demo frame could not be written.
package struct DemoError: Error, Equatable, CustomStringConvertible {
    package let file: String
    /// Error number of the system.
    package let code: Int32

    package var description: String {
        "\(file) cannot be written: \(String(cString: strerror(code)).lowercased()); check that the folder exists, its rights and the free space"
    }
}
