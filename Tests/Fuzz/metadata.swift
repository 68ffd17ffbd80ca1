import Codecs
import Foundation
import Raster

/// Metadata of any bytes; what was read survives a new file of every format.
func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    guard let read = FileMetadata.read(bytes: bytes) else { return 0 }
    _ = read.exif.resolution?.pixelSize
    let pixel = AnyImage.gray8(Image(width: 1, height: 1, repeating: 7))
    for format in [ImageFormat.png, .jpeg, .tiff] {
        guard let file = try? ImageFile.encode(pixel, as: format, metadata: read), let again = FileMetadata.read(bytes: file) else {
            fatalError("metadata kept a \(format) file from being written")
        }
        guard again.exif.orientation == read.exif.orientation, again.exif.date == read.exif.date, (try? ImageFile.decode(bytes: file, name: "again")) != nil
        else { fatalError("\(read.exif) came back from \(format) as \(again.exif)") }
    }
    _ = read.turnedUpright()
    return 0
}

exit(runFuzzer(fuzz))
