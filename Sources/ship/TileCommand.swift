import ArgumentParser
import Codecs
import Foundation
import Pyramid

struct TileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tile", abstract: "Write the pyramid file of one image.",
        discussion: "The result is a tiled, pyramidal TIFF with JPEG tiles that the viewer and common tools open.")

    @Argument(help: "JPEG, PNG or TIFF.", completion: .file())
    var image: String

    @Argument(help: "File to write; replaced when it exists.", completion: .file(extensions: ["tif"]))
    var output: String

    @Option(help: "Edge length of a tile in pixels, a multiple of 32.")
    var tileSize = 512

    @Option(help: "JPEG quality, 1 to 100.")
    var quality = 85

    @Flag(inversion: .prefixedNo, help: "Copy the coefficients of a JPEG into the tiles of the native level, instead of encoding its pixels anew.")
    var lossless = true

    @Option(help: "Page of a multi-page TIFF, from 0.")
    var page = 0

    func validate() throws {
        guard tileSize >= 64, tileSize <= 4096, tileSize % 32 == 0 else { throw ValidationError("--tile-size must be a multiple of 32 from 64 to 4096") }
        guard (1...100).contains(quality) else { throw ValidationError("--quality must be from 1 to 100") }
        guard page >= 0 else { throw ValidationError("--page counts from 0") }
    }

    func run() async throws {
        let progress = ProgressLine()
        try await reportingFailure {
            let exif = EXIF.read(path: image, page: page)
            var pixelSize: Double?
            if let resolution = exif?.resolution, case .size(let size) = resolution.pixelSize { pixelSize = size.micrometres }
            let source = PyramidImage(path: image, page: page, orientation: exif?.orientation ?? 1)
            let part = try PartFile(path: output, sources: [image])
            removeWhenInterrupted(part)
            try source.write(to: part.part, tileSize: tileSize, quality: quality, isLossless: lossless, pixelSizeMicrometres: pixelSize) { done in
                progress.show(done: Int(done * 100), total: 100, message: "% of the pyramid", secondsLeft: nil)
            }
            try part.commit()
        }
    }
}
