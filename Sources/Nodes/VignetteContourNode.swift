import Operations
import Pipeline
import Raster

/// Draws the outline of the object.
package struct VignetteContourNode: VignetteNode {
    package static let kind = "vignette.contour"
    package static let title = "Contour"
    package static let help = "Draws the outline of the object, of its holes too."
    package static let parameters: [Parameter<Self>] = [
        .integer(\.width, "width", label: "Width", unit: "px", range: 1...50, help: "Of the line."),
        .color(\.color, "color", label: "Colour", help: "Gray pictures become colour pictures unless it is a gray."),
        .choice(
            \.side, "side", label: "Drawn", titles: [.inside: "on the object's edge", .outside: "around the object"],
            help: "Around it, no pixel of the object is hidden."),
    ]
    package var width = 1
    package var color = BGR<UInt8>(blue: 0, green: 255, red: 0)
    package var side = Mask.OutlineSide.inside
    package init() {}

    package func draw(on picture: inout VignettePicture) {
        let mask = Mask(bounds: picture.content, sortedRuns: picture.mask.runs)
        picture.pixels = picture.pixels.painted(mask.outlineBand(width: width, on: side), color: color)
    }
}
