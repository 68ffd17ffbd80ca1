import ArgumentParser
import Codecs
import Foundation
import Operations
import Raster

struct ConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Write an image as PNG, TIFF or JPEG, by the ending of the file's name.",
        discussion: """
            Pixels stay as they are stored, 16 bits included: to PNG and TIFF nothing is lost. Palettes and CMYK become RGB, transparency is
            composed on white. Orientation, pixel size, EXIF, texts and XMP go along where the new format holds them.
            """)

    @Argument(help: "JPEG, PNG or TIFF.", completion: .file())
    var image: String

    @Argument(help: "File to write; replaced when it exists.", completion: .file(extensions: ["png", "tif", "tiff", "jpg", "jpeg"]))
    var output: String

    @Flag(help: "Turn colour to gray: (9798 R + 19235 G + 3735 B + 16384) >> 15.")
    var gray = false

    @Flag(help: "Turn the pixels as the file's orientation says; without it the orientation is kept as a tag.")
    var upright = false

    @Option(help: "JPEG quality, 1 to 100.")
    var quality = 90

    @Option(help: "Page of a multi-page TIFF, from 0.")
    var page = 0

    func validate() throws {
        guard ImageFormat(ending: output) != nil else {
            throw ValidationError("the name of the file to write must end with .png, .tif, .tiff, .jpg or .jpeg; \(output) does not")
        }
        guard (1...100).contains(quality) else { throw ValidationError("--quality must be from 1 to 100") }
        guard page >= 0 else { throw ValidationError("--page counts from 0") }
    }

    func run() async throws {
        try await reportingFailure {
            guard let format = ImageFormat(ending: output) else { return }
            var metadata = FileMetadata.read(path: image, page: page) ?? FileMetadata()
            let reader: any ImageRowReader
            if upright, metadata.exif.orientation > 1 {
                reader = try ImageFile.uprightRows(path: image, page: page, orientation: metadata.exif.orientation, scratch: output)
                metadata = metadata.turnedUpright()
            } else {
                reader = try ImageFile.rows(path: image, page: page)
            }
            if metadata.exif.resolution == nil { metadata.exif.resolution = reader.header.resolution }
            let header = reader.header
            let shape = PictureShape(
                width: header.width, height: header.height, channels: gray ? 1 : header.channels, bitsPerSample: header.bitsPerSample)
            let part = try PartFile(path: output, sources: [image])
            removeWhenInterrupted(part)
            let writer = try ImageFile.writer(format, to: .descriptor(part.descriptor), shape: shape, metadata: metadata, quality: quality)
            try copy(from: reader, to: writer)
            try writer.finish()
            try part.commit()
            for note in header.notes { complain("note: \(note)") }
        }
    }

    /// Strip by strip, so that memory does not grow with the height.
    private func copy(from reader: any ImageRowReader, to writer: any ImageRowWriter) throws(CodecError) {
        let header = reader.header
        let perStrip = max(1, min(header.height, (4 << 20) / header.rowBytes))
        let strip = UnsafeMutableRawBufferPointer.allocate(byteCount: perStrip * header.rowBytes, alignment: 16)
        defer { strip.deallocate() }
        let progress = header.width * header.height > 50_000_000 ? ProgressLine() : nil
        for row in stride(from: 0, to: header.height, by: perStrip) {
            let count = min(perStrip, header.height - row)
            try reader.readRows(into: strip, count: count)
            if gray, header.channels == 3 {
                try writeGray(UnsafeRawBufferPointer(strip), width: header.width, count: count, wide: header.bitsPerSample == 16, to: writer)
            } else {
                try writer.writeRows(UnsafeRawBufferPointer(strip), count: count)
            }
            progress?.show(done: (row + count) * 100 / header.height, total: 100, message: "% of the image", secondsLeft: nil)
        }
    }

    private func writeGray(
        _ strip: UnsafeRawBufferPointer, width: Int, count: Int, wide: Bool, to writer: any ImageRowWriter
    ) throws(CodecError) {
        func image<Sample>(of _: Sample.Type) -> Image<BGR<Sample>> {
            let used = UnsafeRawBufferPointer(rebasing: strip[..<(width * count * MemoryLayout<BGR<Sample>>.stride)])
            return Image(width: width, height: count) { UnsafeMutableRawBufferPointer($0).copyMemory(from: used) }
        }
        try writer.writeRows(wide ? .gray16(image(of: UInt16.self).gray()) : .gray8(image(of: UInt8.self).gray()))
    }
}
