import Codecs
import Operations
import Pipeline
import Raster

/// Takes objects from files of masks or outlines that lie beside the images.
package struct SegmentImportNode: Node {
    package static let kind = "segment.import"
    package static let title = "Masks from files"
    package static let help = """
        Takes the objects of every image from a file beside it: 1-bit masks and label images (PNG, TIFF), GeoJSON, or one COCO file for all images. Each \
        run reads the files as they are then; an image without a file fails alone. Categories become labels.
        """
    package static let arity = Arity.manyFromOne
    static let image = Slot<AnyImage>("image", help: "The image that the masks belong to.")
    static let mask = Slot<Mask>("mask", help: "All objects together.")
    static let regions = Slot<RegionSet>("regions", help: "The objects, each for itself; they may overlap.")
    package static let inputs = [image.schema]
    package static let outputs = [mask.schema, regions.schema]
    package static let parameters: [Parameter<Self>] = [
        .text(\.names, "names", label: "Names of the files", help: OutlineNames.help),
        .choice(\.values, "values", label: "Values of a mask picture", titles: OutlineReader.Values.titles, help: "Of PNG and TIFF only."),
        .choice(\.origin, "origin", label: "GeoJSON: (0, 0) is", titles: GeoJSONOutlines.Origin.titles, help: "Of GeoJSON only."),
        .boolean(\.mayBeMissing, "mayBeMissing", label: "Images without a file have no objects", help: "Otherwise such an image fails, and says which names were looked for."),
    ]
    package var names = ""
    package var values = OutlineReader.Values.automatic
    package var origin = GeoJSONOutlines.Origin.automatic
    package var mayBeMissing = false
    package init() {}
    package var usesCompanions: Bool { true }

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        var reader = OutlineReader()
        (reader.names, reader.values, reader.origin) = (OutlineNames(names), self.values, origin)
        let image = values[Self.image]
        let picture = Rect(x: 0, y: 0, width: image.width, height: image.height)
        let frame = context.source.frame ?? picture
        let files = reader.files(for: context.source.name, among: context.companions)
        let result = try reader.read(files, image: context.source.name, frame: frame, isCancelled: { context.isStopped })
        guard !result.files.isEmpty || mayBeMissing else {
            let looked = reader.names.candidates(for: context.source.name).prefix(3).joined(separator: ", ")
            throw AnnotationFileError(
                context.source.name,
                "there is no file of masks for it; looked for \(looked) and others, and for COCO files that name it. "
                    + "Bring the file in like an image, or set the names in \(Self.title)")
        }
        var segments = result.segments
        if let part = context.source.part {
            // The files speak of the whole image; of a part, what lies in it is wanted.
            segments = segments.compactMap { segment in
                let inside = segment.mask.intersection(Mask.full(part)).translated(x: -part.x, y: -part.y).tight
                guard !inside.isEmpty else { return nil }
                var cut = segment
                (cut.mask, cut.touches) = (inside, BorderSides(of: inside.bounds, in: picture))
                return cut
            }
        }
        values[Self.mask] = Mask(bounds: picture, sortedRuns: segments.isEmpty ? [] : Mask.union(of: segments.map(\.mask)).runs)
        values[Self.regions] = RegionSet(frame: picture, segments: segments)
    }
}

extension OutlineNames {
    static let help = """
        Names with {stem} for the image's name without its ending, relative to the image's folder; several are separated by |, the first that is there \
        counts: {stem}_mask.png | ../masks/{stem}.tif | annotations.json. Empty: the usual names.
        """
}

extension OutlineReader.Values {
    static let titles: [Self: String] = [
        .automatic: "as the file looks", .objects: "each value is one object", .mask: "all but 0 is foreground; its parts are objects",
        .classes: "each value is a category; its parts are objects",
    ]
}

extension GeoJSONOutlines.Origin {
    static let titles: [Self: String] = [.automatic: "as the file looks", .centre: "the centre of the first pixel (ship)", .corner: "its corner (QuPath)"]
}
