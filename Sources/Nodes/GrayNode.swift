import Operations
import Pipeline
import Raster

/// Colour to gray with OpenCV's weights; a gray image passes unchanged.
package struct GrayNode: Node {
    package static let kind = "convert.gray"
    package static let title = "Gray"
    package static let help = "Weighs red, green and blue like the eye does; 16-bit images stay 16-bit."
    static let image = Slot<AnyImage>("image", help: "Colour or gray.")
    package static let gray = Slot<GrayImage>("gray", help: "One channel.")
    package static let inputs = [image.schema]
    package static let outputs = [gray.schema]
    package static let parameters: [Parameter<Self>] = []
    package init() {}
    package var reach: Reach { .halo(0) }

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        values[Self.gray] =
            switch values[Self.image] {
            case .gray8(let image): .bits8(image)
            case .color8(let image): .bits8(image.gray())
            case .gray16(let image): .bits16(image)
            case .color16(let image): .bits16(image.gray())
            }
    }
}
