import Operations
import Pipeline
import Raster

/// Evens out the darkening toward the edges of a single frame.
package struct VignettingNode: Node {
    package static let kind = "correct.vignetting"
    package static let title = "Vignetting"
    package static let help = "Estimates the background of each frame from the frame itself and divides by it."
    static let image = Slot<AnyImage>("image", help: "The frame, colour or gray.")
    static let area = Slot<Mask>("area", help: "The falloff is estimated inside; outside, the frame stays as it is. Not connected: everywhere.", isOptional: true)
    package static let corrected = Slot<AnyImage>("image", sameAs: "image", help: "The same frame on an even background.")
    package static let inputs = [image.schema, area.schema]
    package static let outputs = [corrected.schema]
    package static let parameters: [Parameter<Self>] = [
        .boolean(
            \.isOn, "on", label: "Correct", help: "Off: the frame passes unchanged, for images that are even already.")
    ]
    package var isOn = true
    package init() {}

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        // Also where nothing is changed, the value of the output is the input's: both slots have one name.
        guard isOn else { return }
        let isGray = values[Self.image.name] is GrayImage
        let image = values[Self.image]
        let corrected: AnyImage
        if let area = values.optional(Self.area)?.ifRestricting?.tight {
            let part = image.cropped(to: area.bounds)
            let even = VignettingCorrection(estimating: part, area: area.translated(x: -area.bounds.x, y: -area.bounds.y)).apply(to: part)
            corrected = image.replacing(x: area.bounds.x, y: area.bounds.y, with: even)
        } else {
            corrected = VignettingCorrection(estimating: image).apply(to: image)
        }
        switch corrected {
        case .gray8(let image) where isGray: values[Self.corrected.name] = GrayImage.bits8(image)
        case .gray16(let image) where isGray: values[Self.corrected.name] = GrayImage.bits16(image)
        default: values[Self.corrected] = corrected
        }
    }
}
