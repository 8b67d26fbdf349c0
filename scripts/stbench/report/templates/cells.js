// Draws the cells of a tissue as round points by WebGL 2: two layers, left and right of a divider.

const VERTEX_SHADER = `#version 300 es
in vec2 place;
in uint value;
uniform vec2 scale, shift;
uniform float size;
uniform sampler2D colors;
flat out vec4 color;
void main() {
  color = texelFetch(colors, ivec2(int(value), 0), 0);
  gl_Position = vec4(place * scale + shift, 1.0 - color.a, 1); // faded cells are below the others
  gl_PointSize = size;
}`;
const FRAGMENT_SHADER = `#version 300 es
precision mediump float;
flat in vec4 color;
out vec4 shown;
void main() {
  vec2 away = gl_PointCoord - 0.5;
  if (dot(away, away) > 0.25) discard;
  shown = vec4(color.rgb, 1);
}`;
const ATTRIBUTES = { place: 0, value: 1 };

function cellProgram(gl) {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX_SHADER], [gl.FRAGMENT_SHADER, FRAGMENT_SHADER]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  for (const [name, place] of Object.entries(ATTRIBUTES)) gl.bindAttribLocation(program, place, name);
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  gl.useProgram(program);
  return Object.fromEntries(["scale", "shift", "size"].map((name) => [name, gl.getUniformLocation(program, name)]));
}

// A painter of a canvas; null if the browser has no WebGL 2. paint() takes
//   places: Uint16Array (x, y, x, y, ...) in steps, y downwards; each array is uploaded once;
//   view: {x, y, pixels}: the step in the middle of the canvas, and the CSS pixels of a step;
//   radius: of a cell, in steps;
//   every: only each such cell is drawn, larger; cells are in the order of a curve, so they stay spread evenly;
//   sides: two of {values, colors}: a byte for each cell, and 256 colors (red, green, blue, rank; cells
//     with a rank below 255 are below the others);
//   divider: the share of the width that is the first side.
function cellPainter(canvas) {
  const gl = canvas.getContext("webgl2", { antialias: false });
  if (!gl) return null;
  let uniforms, buffers, texture;
  function begin() {
    uniforms = cellProgram(gl);
    buffers = new Map();
    texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    for (const place of Object.values(ATTRIBUTES)) gl.enableVertexAttribArray(place);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.SCISSOR_TEST);
  }
  begin();
  canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
  canvas.addEventListener("webglcontextrestored", begin);

  function use(array) {
    const known = buffers.get(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, known ?? gl.createBuffer());
    if (known) return;
    buffers.set(array, gl.getParameter(gl.ARRAY_BUFFER_BINDING));
    gl.bufferData(gl.ARRAY_BUFFER, array, gl.STATIC_DRAW);
  }

  function paint({ places, view, radius, every, sides, divider }) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * ratio));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    gl.viewport(0, 0, width, height);
    const [across, down] = [(2 * view.pixels * ratio) / width, (2 * view.pixels * ratio) / height];
    gl.uniform2f(uniforms.scale, across, -down);
    gl.uniform2f(uniforms.shift, -view.x * across, view.y * down);
    gl.uniform1f(uniforms.size, Math.max(2 * radius * view.pixels, 1.5) * Math.sqrt(every) * ratio);
    use(places);
    gl.vertexAttribPointer(ATTRIBUTES.place, 2, gl.UNSIGNED_SHORT, false, 4 * every, 0);
    const middle = Math.round(divider * width);
    sides.forEach(({ values, colors }, side) => {
      gl.scissor(side ? middle : 0, 0, side ? width - middle : middle, height);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      use(values);
      gl.vertexAttribIPointer(ATTRIBUTES.value, 1, gl.UNSIGNED_BYTE, every, 0);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colors);
      gl.drawArrays(gl.POINTS, 0, Math.floor(values.length / every));
    });
  }
  return { paint };
}
