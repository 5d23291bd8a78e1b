console.log("Hello World!\n");

const names = process.env.keys();
for (let i = 0; i < names.length; i++) {
  console.log(names[i] + ": " + process.env.get(names[i]));
}
