import ArgumentParser
import Codecs
import Foundation
import Operations
import Raster

struct MeasureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "Find the objects of one image and write their measures as a table.",
        discussion: """
            One row an object, in raster order of their first pixels. The image is read in strips, so it may be larger than memory.
            Pixels are taken as stored, not turned by EXIF; transparency is composed on white. 16-bit images are thresholded
            and their gray levels and colours measured in 16 bits. `ship reference` explains every column. Of bright objects
            ZooProcess's measures are taken from the inverted picture, since it knows dark ones only (say --polarity bright with
            --labels too), and always in 8 bits: 16-bit levels are divided by 257 and rounded.

            In `touches`, 1 stands for the left side of the frame, 2 top, 4 right, 8 bottom; sums stand for several sides.
            """)

    @Argument(help: "JPEG, PNG or TIFF.", completion: .file())
    var image: String

    @Option(name: .shortAndLong, help: "CSV file to write; replaced when it exists.", completion: .file(extensions: ["csv"]))
    var output: String

    @Option(help: "otsu, triangle, a gray level, or q and a fraction: q0.05 is the level below which 5 % of all pixels lie. (default: otsu)")
    var threshold: ThresholdChoice?

    @Option(help: "Whether objects are dark (up to the threshold) or bright (above it). (default: dark)")
    var polarity: Polarity?

    @Option(help: "Whether pixels hang together by edges only (4) or by corners too (8). (default: 8)")
    var connectivity: Connectivity?

    @Option(help: "Fewest pixels of an object.")
    var minArea = 1

    @Option(help: "Which objects are kept when some lie in holes of others.")
    var nested = NestedPolicy.all

    @Option(help: "Groups of measures, joined by commas: \(MeasureGroup.allCases.map(\.rawValue).joined(separator: ", ")).")
    var measures = MeasureGroups(groups: [.shape, .gray])

    @Flag(help: "ZooProcess's ratios from printed values rounded to whole numbers, as old tables hold them.")
    var legacyIntegers = false

    @Option(help: "Side of a pixel in µm; when left out, what the file states, unless that is a size for printing such as 72 or 300 dpi.")
    var pixelSizeUm: Double?

    @Option(help: "Gray image whose levels number the objects, instead of a threshold; 0 is background.", completion: .file())
    var labels: String?

    @Option(help: "Page of a multi-page TIFF, from 0.")
    var page = 0

    func validate() throws {
        guard minArea >= 1 else { throw ValidationError("--min-area must be at least 1") }
        guard page >= 0 else { throw ValidationError("--page counts from 0") }
        if let pixelSizeUm, !(pixelSizeUm > 0 && pixelSizeUm.isFinite) { throw ValidationError("--pixel-size-um must be more than 0") }
        if labels != nil {
            guard threshold == nil else { throw ValidationError("--labels and --threshold both say where the objects are; give one of them") }
            guard nested == .all else { throw ValidationError("--nested \(nested.rawValue) works with a threshold only; labels are taken as they are") }
            guard connectivity == nil else { throw ValidationError("--connectivity works with a threshold only; labels are taken as they are") }
        }
    }

    func run() async throws {
        try await reportingFailure {
            let reader = try ImageFile.rows(path: image, page: page)
            let part = try PartFile(path: output, sources: [image] + (labels.map { [$0] } ?? []))
            removeWhenInterrupted(part)
            let summary =
                reader.header.bitsPerSample == 8
                ? try ImageMeasuring<UInt8>(self, reader, part).run() : try ImageMeasuring<UInt16>(self, reader, part).run()
            print(summary)
        }
    }

    /// Side of a pixel in µm, by the option or else the file.
    var pixelSize: Double? {
        if let pixelSizeUm { return pixelSizeUm }
        guard case .size(let size)? = EXIF.read(path: image, page: page)?.resolution?.pixelSize else { return nil }
        return size.micrometres
    }
}
