import Pipeline
import Raster

/// Images that came as an EcoTaxa archive.
package struct ImportEcoTaxaNode: Node {
    package static let kind = "import.ecotaxa"
    package static let title = "EcoTaxa archive"
    package static let help = """
        The pictures of an EcoTaxa archive that was brought in: each is an image with one object, which has the archive's fields, measurements and label. \
        Exported again, the archive has the same content.
        """
    package static let arity = Arity.source
    package static let image = Slot<AnyImage>("image", help: "The picture as stored, upright.")
    package static let inputs: [SlotSchema] = []
    package static let outputs = [image.schema]

    package enum Outline: String, CaseIterable, Sendable { case picture, dark }

    package static let parameters: [Parameter<Self>] = [
        .choice(
            \.outline, "outline", label: "The object is", titles: [.picture: "the whole picture", .dark: "its dark pixels"],
            help: "An archive has no outlines. The whole picture keeps it as it was; dark pixels give an outline that can be edited."),
        .integer(\.level, "level", label: "Dark is at most", unit: "gray", range: 0...254, help: "ZooProcess's pictures have 243.").applies(when: "outline", "dark"),
    ]
    package var outline = Outline.picture
    package var level = 243
    package init() {}
    package var reach: Reach { .halo(0) }

    /// The runner puts the decoded image into the output slot.
    package func run(_ values: inout SlotValues, context: NodeContext) throws {}
}
