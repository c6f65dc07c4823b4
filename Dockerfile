# loadline as an image for cron, CI and Kubernetes: docs/operations.md, "In a container".
# The project is mounted at /project; credentials come as variables or files at run time, none is in the image.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/build.ts --noCheck && npm prune --omit=dev --ignore-scripts

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /opt/loadline
COPY --from=build /src/package.json /src/LICENSE ./
COPY --from=build /src/bin ./bin
COPY --from=build /src/dist ./dist
COPY --from=build /src/docs ./docs
COPY --from=build /src/node_modules ./node_modules
RUN mkdir /project && chown node:node /project
USER node
WORKDIR /project
# loadline stops cleanly on SIGTERM within 5 s, also as process 1: it handles the signal itself, and waits for its children.
STOPSIGNAL SIGTERM
# A run ends; there is no service to be asked for its health.
HEALTHCHECK NONE
ENTRYPOINT ["node", "/opt/loadline/bin/loadline.js"]
CMD ["--help"]
