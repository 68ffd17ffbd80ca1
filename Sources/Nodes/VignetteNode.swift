import Pipeline
import Raster

/// A node that draws on the pictures of objects: on pictures as another one leaves them, or cut from an image.
package protocol VignetteNode: Node, VignetteStep {}

package enum VignetteSlots {
    package static let image = Slot<AnyImage>("image", help: "Where the pictures are cut from. Not needed when vignettes come in.", unless: "vignettes")
    package static let regions = Slot<RegionSet>("regions", help: "The objects, with their padding. Not needed when vignettes come in.", unless: "vignettes")
    package static let drawn = Slot<Vignettes>("vignettes", help: "Pictures on which other nodes have drawn already.", isOptional: true)
    package static let vignettes = Slot<Vignettes>("vignettes", help: "The pictures with this drawn on them.")
}

extension VignetteNode {
    package static var inputs: [SlotSchema] { [VignetteSlots.image.schema, VignetteSlots.regions.schema, VignetteSlots.drawn.schema] }
    package static var outputs: [SlotSchema] { [VignetteSlots.vignettes.schema] }
    package var reach: Reach { .halo(0) }

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        var vignettes = values.optional(VignetteSlots.drawn)
            ?? Vignettes(
                image: values[VignetteSlots.image], margin: values[VignetteSlots.regions].padding, pixelSize: context.source.pixelSizeMicrometres, steps: [])
        vignettes.steps.append(self)
        values[VignetteSlots.vignettes] = vignettes
    }
}
