import Codecs
import Pipeline
import Raster

/// Images that come with masks or outlines, which are drawn as objects when they are brought in.
package struct ImportMasksNode: Node {
    package static let kind = "import.masks"
    package static let title = "Images with masks"
    package static let help = """
        The images of this project; a file of masks or outlines that is brought in with an image (1-bit or label PNG or TIFF, GeoJSON, COCO) is drawn as \
        objects once, as if by hand: they can be edited, and runs keep them. Without this step in the pipeline the same happens with the usual names. For \
        masks that each run should read again, use "Masks from files".
        """
    package static let arity = Arity.source
    package static let image = Slot<AnyImage>("image", help: "The image as stored, upright.")
    package static let inputs: [SlotSchema] = []
    package static let outputs = [image.schema]
    package static let parameters: [Parameter<Self>] = [
        .text(\.names, "names", label: "Names of the files", help: OutlineNames.help),
        .choice(\.values, "values", label: "Values of a mask picture", titles: OutlineReader.Values.titles, help: "Of PNG and TIFF only."),
        .choice(\.origin, "origin", label: "GeoJSON: (0, 0) is", titles: GeoJSONOutlines.Origin.titles, help: "Of GeoJSON only."),
        .boolean(\.labels, "labels", label: "Categories become labels", help: "Categories that the project does not have are made."),
    ]
    package var names = ""
    package var values = OutlineReader.Values.automatic
    package var origin = GeoJSONOutlines.Origin.automatic
    package var labels = true
    package init() {}
    package var reach: Reach { .halo(0) }

    package var reader: OutlineReader {
        var reader = OutlineReader()
        (reader.names, reader.values, reader.origin) = (OutlineNames(names), values, origin)
        return reader
    }

    /// The runner puts the decoded image into the output slot.
    package func run(_ values: inout SlotValues, context: NodeContext) throws {}
}
