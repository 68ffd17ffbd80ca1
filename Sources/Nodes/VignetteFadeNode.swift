import Operations
import Pipeline
import Raster

/// Fades the background of objects' pictures.
package struct VignetteFadeNode: VignetteNode {
    package static let kind = "vignette.fade"
    package static let title = "Faded background"
    package static let help = "Mixes everything around the object with a colour, so that it stands out and still shows where it lay."
    package static let parameters: [Parameter<Self>] = [
        .number(
            \.alpha, "alpha", label: "Alpha", range: 0...1, step: 0.05, help: "0: the background stays as it is. 1: only the colour is left."),
        .color(\.color, "color", label: "Colour", help: "White for bright field, black for dark field."),
    ]
    package var alpha = 0.5
    package var color = BGR<UInt8>(blue: 255, green: 255, red: 255)
    package init() {}

    package func draw(on picture: inout VignettePicture) {
        picture.pixels = picture.pixels.faded(outside: picture.mask, in: picture.content, toward: color, alpha: alpha)
    }
}
