import Pipeline
import Raster

/// Brings the project's images into the pipeline; what it knows about them comes from their files and names.
package struct ImportNode: Node {
    package static let kind = "import.folder"
    package static let title = "Images"
    package static let help = "The images of this project, uploaded or indexed in place."
    package static let arity = Arity.source
    package static let image = Slot<AnyImage>("image", help: "The image as stored, upright.")
    /// A kilometre in µm: pictures of satellites are images too.
    package static let largestPixelSize = 1e9
    package static let inputs: [SlotSchema] = []
    package static let outputs = [image.schema]
    package static let parameters: [Parameter<Self>] = [
        .text(
            \.pattern, "pattern", label: "File-name pattern",
            help: "What the parts of a file name mean, for example {cruise}_{station:d}_{date:%Y%m%d}_{frame:d}. Empty: names mean nothing."),
        .number(
            \.pixelSize, "pixelSizeUm", label: "Pixel size", unit: "µm", range: 0...largestPixelSize,
            help: "Edge length of one pixel, for all images but those whose name says it by {pixel_um:f} or to which one was given by hand. 0: each file's own."),
    ]
    package var pattern = ""
    package var pixelSize = 0.0
    package init() {}
    package var reach: Reach { .halo(0) }

    /// The runner puts the decoded image into the output slot.
    package func run(_ values: inout SlotValues, context: NodeContext) throws {}
}
