import Codecs
import Pipeline
import Raster
import Store

/// A node that says what the data of images mean instead of changing pixels: the image passes unchanged, and what it says is kept with the image.
///
/// A run asks it before it works on the images. What a person entered stays; of several such nodes the later one goes before.
package protocol MetadataNode: Node {
    /// Of these the program takes away what the nodes no longer say.
    static var source: MetadataSource { get }

    /// - Parameters:
    ///   - name: of an image, with its folders.
    ///   - exif: what the image's file says, read when first asked for.
    func metadata(of name: String, exif: () -> EXIF?) -> ImageSayings
}

/// What is said about an image.
package struct ImageSayings: Sendable, Equatable {
    /// By field of the export.
    package var fields: [String: String] = [:]
    /// µm.
    package var pixelSize: Double?
    /// The node has something to say of images, and nothing of this one.
    package var isSilent = false

    package init(fields: [String: String] = [:], pixelSize: Double? = nil, isSilent: Bool = false) {
        (self.fields, self.pixelSize, self.isSilent) = (fields, pixelSize, isSilent)
    }
}

package enum MetadataSlots {
    package static let image = Slot<AnyImage>("image", help: "The images of which something is said.")
    package static let same = Slot<AnyImage>("image", sameAs: "image", help: "The same images.")
}

extension MetadataNode {
    package static var inputs: [SlotSchema] { [MetadataSlots.image.schema] }
    package static var outputs: [SlotSchema] { [MetadataSlots.same.schema] }
    package var reach: Reach { .halo(0) }

    /// Both slots have one name, so the value stays where it is.
    package func run(_ values: inout SlotValues, context: NodeContext) throws {}
}
